package build

import (
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// findKinds decides of what kind every class is: what its definition says, else
// what it inherits. Some classes are of the kind the VM needs them to be, whatever
// their definition says: trees in circulation call compiled code an array of bytes,
// and leave Character without a type.
func (t *tree) findKinds() {
	for _, c := range t.classes {
		c.kind = c.Kind
		if c.InheritsKind && c.super != nil && c.super.kind.HasIndexedFields() {
			c.kind = c.super.kind
		}
		switch c.Name {
		case "SmallInteger", "Character", "SmallFloat64":
			if len(c.instVars()) == 0 {
				c.kind = source.Immediate
			}
		case "CompiledMethod", "CompiledBlock":
			c.kind = source.CompiledMethod
		case "CompiledCode":
			if c.kind == source.Bytes {
				c.kind = source.CompiledMethod
			}
		}
		if n := len(c.instVars()); n > 0 && c.format() >= heap.FmtForwarder {
			t.problems.add(parser.NewError(c.Text(), 0, "class %s of kind %v has instance variables (%s)", c.Name, c.kind, strings.Join(c.instVars(), " ")))
		} else if n > maxInstVars {
			t.problems.add(parser.NewError(c.Text(), 0, "class %s has %d instance variables; the limit is %d", c.Name, n, maxInstVars))
		}
		if c.kind == source.Ephemeron && len(c.instVars()) == 0 {
			t.problems.add(parser.NewError(c.Text(), 0, "class %s of kind %v has no instance variable for its key", c.Name, c.kind))
		}
	}
}

// maxInstVars is what fits the format word of a class, and bytecodes can reach.
const maxInstVars = 1<<16 - 1

// format answers the format of instances, odd bits zero.
func (c *class) format() heap.Format {
	named := len(c.instVars()) > 0
	switch c.kind {
	case source.Variable:
		if named {
			return heap.FmtVariable
		}
		return heap.FmtArray
	case source.Bytes:
		return heap.FmtBytes
	case source.DoubleBytes:
		return heap.FmtShorts
	case source.Words:
		return heap.FmtWords32
	case source.DoubleWords:
		return heap.FmtWords64
	case source.Weak:
		return heap.FmtWeak
	case source.Ephemeron:
		return heap.FmtEphemeron
	case source.Immediate:
		return heap.FmtForwarder // means immediate in classes
	case source.CompiledMethod:
		return heap.FmtMethod
	}
	if named {
		return heap.FmtFixed
	}
	return heap.FmtEmpty
}

// formatWord answers what a class holds about the shape of its instances:
//
//	20       16 15                    0
//	+----------+-----------------------+
//	|  format  |  named variables      |
//	+----------+-----------------------+
func formatWord(f heap.Format, named int) heap.Oop {
	return heap.FromInt(int64(f)<<16 | int64(named))
}

// knownClass is a class that the VM knows by its index in the class table.
type knownClass struct {
	index   uint32
	names   []string // the first that the tree has
	format  heap.Format
	named   int // instance variables, at least
	require bool
}

// knownClasses are the classes with an index of their own. One that the tree does
// not have leaves its index free.
var knownClasses = []knownClass{
	{heap.ClassSmallInteger, []string{"SmallInteger"}, heap.FmtForwarder, 0, true},
	{heap.ClassCharacter, []string{"Character"}, heap.FmtForwarder, 0, false},
	{heap.ClassSmallFloat, []string{"SmallFloat64"}, heap.FmtForwarder, 0, false},
	{heap.ClassLargeNeg, []string{"LargeNegativeInteger"}, heap.FmtBytes, 0, false},
	{heap.ClassLargePos, []string{"LargePositiveInteger"}, heap.FmtBytes, 0, false},
	{heap.ClassFloat, []string{"BoxedFloat64", "Float"}, heap.FmtWords32, 0, false},
	{heap.ClassMessage, []string{"Message"}, heap.FmtFixed, 2, false},
	{heap.ClassContext, []string{"Context", "MethodContext"}, heap.FmtVariable, 6, true},
	{heap.ClassBlock, []string{"BlockClosure"}, heap.FmtVariable, 3, false},
	{heap.ClassFullBlock, []string{"FullBlockClosure"}, heap.FmtVariable, 4, false},
	{heap.ClassByteArray, []string{"ByteArray"}, heap.FmtBytes, 0, false},
	{heap.ClassArray, []string{"Array"}, heap.FmtArray, 0, true},
	{heap.ClassByteString, []string{"ByteString", "String"}, heap.FmtBytes, 0, false},
	{heap.ClassBitmap, []string{"Bitmap"}, heap.FmtWords32, 0, false},
}

// otherClasses are classes of whose instances the VM, or the builder, fixes the
// first slots.
var otherClasses = []knownClass{
	{0, []string{"UndefinedObject"}, heap.FmtEmpty, 0, true},
	{0, []string{"False"}, heap.FmtEmpty, 0, true},
	{0, []string{"True"}, heap.FmtEmpty, 0, true},
	{0, []string{"Class"}, heap.FmtFixed, 3, true},
	{0, []string{"Metaclass"}, heap.FmtFixed, 3, true},
	{0, []string{"Association"}, heap.FmtFixed, 2, true},
	{0, []string{"MethodDictionary"}, heap.FmtVariable, 2, true},
	{0, []string{"CompiledMethod"}, heap.FmtMethod, 0, true},
	{0, []string{"CompiledBlock"}, heap.FmtMethod, 0, false},
	{0, symbolNames, heap.FmtBytes, 0, true},
	{0, []string{"WideString"}, heap.FmtWords32, 0, false},
	{0, []string{"WideSymbol"}, heap.FmtWords32, 0, false},
	{0, []string{"ProcessorScheduler"}, heap.FmtFixed, 2, true},
	{0, listNames, heap.FmtFixed, 2, true},
	{0, []string{"Process"}, heap.FmtFixed, 4, true},
	{0, []string{"Semaphore"}, heap.FmtFixed, 3, false},
	{0, []string{"Point"}, heap.FmtFixed, 2, false},
	{0, []string{"AdditionalMethodState"}, heap.FmtVariable, 2, false},
}

// Names of classes that have different ones in different trees.
var (
	symbolNames = []string{"ByteSymbol", "Symbol"}
	listNames   = []string{"ProcessList", "LinkedList"}
)

// known answers the class of the tree for one that is known, or nil. Of several
// names the class of the right shape is the one.
func (t *tree) known(k knownClass) *class {
	for _, name := range k.names {
		if c := t.byName[name]; c != nil && (c.format() == k.format || len(k.names) == 1) {
			return c
		}
	}
	return nil
}

// checkKnown checks that the classes that every image needs are there, and that
// those the VM knows have the shape it takes them to have.
func (t *tree) checkKnown() {
	for _, k := range append(knownClasses[:len(knownClasses):len(knownClasses)], otherClasses...) {
		c := t.known(k)
		switch {
		case c == nil && k.require:
			t.problems.addf("the sources have no class %s, which every image needs", strings.Join(k.names, " or "))
		case c != nil && c.format() != k.format:
			t.problems.add(parser.NewError(c.Text(), 0, "instances of class %s have format %d; the virtual machine takes it for %d", c.Name, c.format(), k.format))
		case c != nil && len(c.instVars()) < k.named:
			t.problems.add(parser.NewError(c.Text(), 0, "class %s has %d instance variables; the virtual machine needs at least %d", c.Name, len(c.instVars()), k.named))
		}
	}
}
