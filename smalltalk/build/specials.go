package build

import (
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// specialSlots is the size of the special objects array.
const specialSlots = 60

// Slots of the special objects array that are filled with what is no class or symbol.
const (
	specialProcessor  = 3
	specialSmalltalk  = 8
	specialLowSpace   = 17
	specialSelectors  = 23
	specialInterrupt  = 30
	specialExternals  = 38
	specialFinalizing = 41
	specialErrors     = 51
)

// specialClasses are the classes in the special objects array.
var specialClasses = map[int][]string{
	4: {"Bitmap"}, 5: {"SmallInteger"}, 6: {"ByteString", "String"}, 7: {"Array"}, 9: {"BoxedFloat64", "Float"},
	10: {"Context", "MethodContext"}, 12: {"Point"}, 13: {"LargePositiveInteger"}, 15: {"Message"}, 16: {"CompiledMethod"},
	18: {"Semaphore"}, 19: {"Character"}, 26: {"ByteArray"}, 27: {"Process"}, 36: {"BlockClosure"}, 37: {"FullBlockClosure"},
	39: {"Mutex"}, 40: listNames, 42: {"LargeNegativeInteger"},
}

// specialSymbols are the selectors of messages that the VM sends of its own accord.
var specialSymbols = []struct {
	slot     int
	selector string
}{
	{20, "doesNotUnderstand:"}, {21, "cannotReturn:"}, {25, "mustBeBoolean"}, {34, "cannotInterpret:"},
	{48, "aboutToReturn:through:"}, {49, "run:with:in:"}, {50, "attemptToAssign:withIndex:"},
	{57, "unusedBytecode"}, {59, "classTrapFor:"},
}

// selectorsWithBytecodes are the selectors that bytecodes of their own send.
const selectorsWithBytecodes = "+ - < > <= >= = ~= * / \\\\ @ bitShift: // bitAnd: bitOr: " +
	"at: at:put: size next nextPut: atEnd == class ~~ value value: do: new new: x y"

// primitiveErrors are the names of primitive failure codes, from 2 up. Two of them
// are PrimitiveErrors, which tell the error of the operating system too.
var primitiveErrors = []string{
	"bad receiver", "bad argument", "bad index", "bad number of arguments", "inappropriate operation",
	"unsupported operation", "no modification", "insufficient object memory", "insufficient C memory", "not found",
	"bad method", "internal error in named primitive machinery", "object may move", "resource limit exceeded",
	"object is pinned", "primitive write beyond end of object", "object moved", "object not pinned", "callback error",
	"operating system error", "ffi call exception", "heap compaction needed", "operation failed",
}

// externalObjects is how many semaphores the image can register at first.
const externalObjects = 64

// fillSpecials fills the special objects array. Slots of classes that the tree has not
// stay nil.
func (b *builder) fillSpecials() {
	s := b.h.Specials
	set := func(i int, v heap.Oop) { b.h.Store(s, i, v) }
	set(0, b.h.Nil)
	set(1, b.h.False)
	set(2, b.h.True)
	for i, names := range specialClasses {
		if c := b.class(names...); c != nil {
			set(i, b.objects[c][instanceSide])
		}
	}
	// The VM compares these with the class table.
	for i, index := range map[int]uint32{6: heap.ClassByteString, 9: heap.ClassFloat, 10: heap.ClassContext} {
		set(i, b.h.ClassAt(index))
	}
	for _, each := range specialSymbols {
		set(each.slot, b.symbol(each.selector))
	}
	set(specialProcessor, b.binding(b.global(processorGlobal)))
	set(specialSmalltalk, b.smalltalk)
	var selectors []heap.Oop
	for _, selector := range strings.Fields(selectorsWithBytecodes) {
		selectors = append(selectors, b.symbol(selector), heap.FromInt(int64(ast.SelectorArgs(selector))))
	}
	set(specialSelectors, b.array(selectors))
	set(specialErrors, b.errorTable())
	set(specialExternals, b.array(make([]heap.Oop, externalObjects)))
	if c := b.byName["Semaphore"]; c != nil {
		for _, i := range []int{specialLowSpace, specialInterrupt, specialFinalizing} {
			o := b.instance(c, 0)
			b.h.Store(o, semaphoreExcess, heap.FromInt(0))
			set(i, o)
		}
	}
}

// semaphoreExcess is the slot of a semaphore that counts signals nobody waited for.
const semaphoreExcess = 2

func (b *builder) errorTable() heap.Oop {
	table := []heap.Oop{heap.Invalid} // the generic failure is nil
	c := b.byName["PrimitiveError"]
	for _, name := range primitiveErrors {
		e := b.symbol(name)
		if (name == "operating system error" || name == "ffi call exception") && c != nil && c.format() == heap.FmtFixed && len(c.instVars()) >= 2 {
			o := b.instance(c, 0)
			b.h.Store(o, 0, e)
			e = o
		}
		table = append(table, e)
	}
	return b.array(table)
}
