package vm

import (
	"io"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/interp"
)

// gather makes the interpreter gather feedback if the configuration says so.
func (v *VM) gather() {
	if p := v.config.Feedback; p != nil {
		v.in.Gather(counters.New(*p))
	}
}

// DumpFeedback writes the feedback gathered so far as text, a line for each site and kind.
func (v *VM) DumpFeedback(w io.Writer) error {
	return v.lock(func() error {
		t := v.in.Feedback()
		if t == nil {
			return nil
		}
		return t.Dump(w, v.in.FeedbackNames())
	})
}

// Interp answers the interpreter, for tools that look inside. Nothing may run meanwhile.
func (v *VM) Interp() *interp.Interp { return v.in }
