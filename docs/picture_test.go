package docs

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// pictured is what the picture in README.md shows being typed.
var pictured = []string{
	"sista eval '1000 factorial printString size'",
	"sista eval '(1 to: 20) select: #isPrime'",
	"sista run examples/queens.st 6",
	"sista eval 'Smalltalk at: #Answer put: 6 * 7. Answer zork'",
}

// The picture shows what the commands print.
func TestPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("runs commands")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/sista").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := environment(t, bin)
	var lines []string
	for _, command := range pictured {
		lines = append(append(lines, "$ "+command), runCommand("..", env, command)...)
	}
	want := picture(lines)
	if *update {
		if err := os.WriteFile("sista.svg", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("sista.svg"); err != nil || string(got) != want {
		t.Errorf("sista.svg does not show what the commands print; go test ./docs -update makes it anew (%v)", err)
	}
}

// picture draws a terminal. It has a background of its own, so it is the same on light and dark pages.
func picture(lines []string) string {
	const width, lineHeight, top, left = 720, 20, 58, 22
	height := top + lineHeight*len(lines) + 8
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="sista in a terminal">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#d5d9e2}.c{fill:#fff;font-weight:bold}.p{fill:#7bd88f}.e{fill:#ff8f8f}.s{fill:#9aa3b5}</style>
<rect x=".5" y=".5" width="%d" height="%d" rx="9" fill="#1d2129" stroke="#4a5160"/>
<circle cx="22" cy="20" r="6" fill="#ff6b60"/><circle cx="42" cy="20" r="6" fill="#f5bd4f"/><circle cx="62" cy="20" r="6" fill="#5cc657"/>
`, width, height, width, height, width-1, height-1)
	failed := false
	for i, line := range lines {
		var text strings.Builder
		_ = xml.EscapeText(&text, []byte(line))
		shown := text.String()
		class := ""
		if command, ok := strings.CutPrefix(shown, "$ "); ok {
			shown, failed = `<tspan class="p">$</tspan> `+command, false
			class = ` class="c"`
		} else if failed {
			class = ` class="s"`
		} else if strings.Contains(line, "does not understand") {
			failed, class = true, ` class="e"`
		}
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\"%s xml:space=\"preserve\">%s</text>\n", left, top+lineHeight*i, class, shown)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
