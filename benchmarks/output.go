package benchmarks

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Output is a writer that reads what a harness prints while it runs:
//
//	Starting Richards benchmark ...
//	Richards: iterations=1 runtime: 123456us
//	...
//	Richards: iterations=10 average: 123456us total: 1234560us
//
// The harnesses of Are We Fast Yet, in all languages, print the same.
type Output struct {
	// Started is when the first line came, before the first iteration; Micros are the
	// times of iterations.
	Started time.Time
	Micros  []int64
	// Other is what else was printed.
	Other []string
	// Progress is called after every iteration, if it is set.
	Progress func(done int)

	partial []byte
}

// forms are those of lines.
type forms struct{ start, iteration, total *regexp.Regexp }

// lines are compiled when somebody reads lines: that is not each start of a process.
var lines = sync.OnceValue(func() forms {
	return forms{
		start:     regexp.MustCompile(`^Starting \S+ benchmark`),
		iteration: regexp.MustCompile(`^\S+: iterations=1 runtime: (\d+)us\s*$`),
		total:     regexp.MustCompile(`^(\S+: iterations=\d+ average: \d+us total: \d+us|Total Runtime: \d+us)\s*$`),
	}
})

// Write takes some of the text.
func (o *Output) Write(text []byte) (int, error) {
	o.partial = append(o.partial, text...)
	for {
		// Images may end lines in their own way.
		end := bytes.IndexAny(o.partial, "\r\n")
		if end < 0 {
			return len(text), nil
		}
		o.line(string(o.partial[:end]))
		o.partial = o.partial[end+1:]
	}
}

// Close takes a last line that has no end.
func (o *Output) Close() error {
	o.line(string(o.partial))
	o.partial = nil
	return nil
}

func (o *Output) line(text string) {
	if m := lines().iteration.FindStringSubmatch(text); m != nil {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			o.Micros = append(o.Micros, n)
			if o.Progress != nil {
				o.Progress(len(o.Micros))
			}
			return
		}
	}
	switch {
	case lines().start.MatchString(text):
		if o.Started.IsZero() {
			o.Started = time.Now()
		}
	case text != "" && !lines().total.MatchString(text):
		o.Other = append(o.Other, text)
	}
}
