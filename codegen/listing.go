package codegen

import (
	"fmt"
	"io"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// List writes machine code with the values of the function that it is for.
func List(w io.Writer, c *native.Code, f *ir.Func) error {
	values := map[int32]*ir.Value{}
	for _, b := range f.Blocks {
		b.Each(func(v *ir.Value) { values[int32(v.ID)] = v })
	}
	points := map[int]*native.Safepoint{}
	for i := range c.Safepoints {
		points[c.Safepoints[i].PC] = &c.Safepoints[i]
	}
	name := func(offset int) string { return fmt.Sprintf("L%x", offset) }
	if _, err := fmt.Fprintf(w, "%s: %d bytes, %d slots, entry L%x, %d literals, %d cells\n",
		c.Name, len(c.Bytes), c.FrameSlots, c.Entry, len(c.Literals), len(c.Cells)); err != nil {
		return err
	}
	line, last := 0, int32(-1)
	for _, i := range asm.Disassemble(c.Bytes, name) {
		for ; line < len(c.Lines) && c.Lines[line].Offset <= i.Offset; line++ {
			if v := values[c.Lines[line].Value]; v != nil && int32(v.ID) != last {
				last = int32(v.ID)
				if _, err := fmt.Fprintf(w, "; b%d: %s\n", v.Block.ID, v.LongString()); err != nil {
					return err
				}
			}
		}
		note := ""
		if p := points[i.Offset+len(i.Bytes)]; p != nil {
			note = fmt.Sprintf("  ; state %d, oops %b", p.State, p.Oops)
		}
		if _, err := fmt.Fprintf(w, "%5x  %s%s\n", i.Offset, i.Text, note); err != nil {
			return err
		}
	}
	return nil
}
