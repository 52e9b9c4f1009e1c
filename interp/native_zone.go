package interp

import "github.com/sista-vm/sista/native"

// NewZone makes the memory for this machine's code, in the heap's window. The error
// tells why there can be none here.
func (in *Interp) NewZone() (*native.Zone, error) {
	start, size := in.heap.CodeArea()
	return native.NewZone(&in.nat, in.heap.Memory(), start, size)
}

// CodeOnStack answers the machine code that has frames.
func (in *Interp) CodeOnStack() map[Compiled]bool {
	found := map[Compiled]bool{}
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used {
			npc := uint64(0)
			in.eachFrame(p, func(fp, _ uint64) {
				if frameIsNative(fp) {
					if npc == 0 {
						npc = headPC(fp)
					}
					found[Compiled{in.compiledAt(npc)}] = true
				}
				npc = ld(fp + frameRet)
			})
		}
	}
	return found
}

// FreeCode gives the room of code back that was killed. It is called at a safepoint.
func (in *Interp) FreeCode() { in.bury() }
