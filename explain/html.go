package explain

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
)

//go:embed page.html
var pageText string

// page is the template of the page: styles and script are in it.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"add":  func(a, b int) int { return a + b },
		"hex":  func(n int) string { return fmt.Sprintf("%x", n) },
		"join": func(list []string) string { return strings.Join(list, ", ") },
		"last": func(i int, list []*Function) bool { return i == len(list)-1 },
	}).Parse(pageText))
})

// HTML writes an explanation as one page that needs nothing else.
func (x *Explanation) HTML(w io.Writer) error {
	return page().Execute(w, struct {
		*Explanation
		Summary []string
		Changed []*Function
	}{x, x.summary(), x.functions(Show{Passes: []string{"all", "last"}})})
}
