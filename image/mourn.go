package image

import "github.com/sista-vm/sista/heap"

// The mourn queue of an image is a stack of pages of raw words, class index 19:
//
//	slot 0  number of elements on this page
//	     1  number of the hidden root that holds the stack
//	     2  address of a list of spare pages, on the first page only
//	     3  address of the next page, 0 for none
//	     4  elements; the top one is slot 3 + number
const (
	stackTop      = 0
	stackRoot     = 1
	stackNext     = 3
	stackElements = 4
	stackSlots    = 4092
	stackRoom     = stackSlots - stackElements
)

// mournQueue reads the queue whose first page is given, in the order in which
// elements are taken. Its pages become free chunks: the heap has a queue of its own.
func (l *loader) mournQueue(page, null heap.Oop) ([]heap.Oop, error) {
	var all []heap.Oop
	for page != null {
		// A page that was seen before is a chunk now.
		if !l.isObject(page) || page.Format() != heap.FmtWords64 || page.ClassIndex() != heap.ClassWordsPun || page.NumSlots() < stackElements {
			return nil, problem(l.offset(uint64(page)), "a page of the mourn queue is expected here")
		}
		page.SetClassIndex(heap.ClassFree)
		top := page.Word(stackTop)
		if top > uint64(page.NumSlots()-stackElements) {
			return nil, problem(l.offset(page.SlotAddr(stackTop)), "%d elements on a page of the mourn queue", top)
		}
		for i := stackElements + int(top) - 1; i >= stackElements; i-- {
			o, ok := l.translate(page.Word(i))
			if !ok || !l.isObject(o) {
				return nil, problem(l.offset(page.SlotAddr(i)), "the mourn queue holds %#x, where there is no object", page.Word(i))
			}
			all = append(all, o)
		}
		next := page.Word(stackNext)
		if next == 0 {
			break
		}
		p, ok := l.translate(next)
		if !ok {
			return nil, problem(l.offset(page.SlotAddr(stackNext)), "the mourn queue goes on at %#x, where there is no object", next)
		}
		page = p
	}
	return all, nil
}
