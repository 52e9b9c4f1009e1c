package source

// Kind is the shape of a class's instances.
type Kind uint8

// The kinds of class.
const (
	Normal         Kind = iota // named fields only
	Variable                   // named and indexed fields
	Bytes                      // 8-bit elements
	DoubleBytes                // 16-bit elements
	Words                      // 32-bit elements
	DoubleWords                // 64-bit elements
	Weak                       // indexed fields that do not keep what they name alive
	Ephemeron                  // a key that does not keep its value alive
	Immediate                  // encoded in the oop
	CompiledMethod             // literals, then bytes
)

// kinds has for each kind its name, the keyword that defines such a class by
// message, and the layout class that Pharo names it by.
var kinds = [...]struct{ name, selector, layout string }{
	Normal:         {"normal", "subclass:", "FixedLayout"},
	Variable:       {"variable", "variableSubclass:", "VariableLayout"},
	Bytes:          {"bytes", "variableByteSubclass:", "ByteLayout"},
	DoubleBytes:    {"doubleBytes", "variableDoubleByteSubclass:", "DoubleByteLayout"},
	Words:          {"words", "variableWordSubclass:", "WordLayout"},
	DoubleWords:    {"doubleWords", "variableDoubleWordSubclass:", "DoubleWordLayout"},
	Weak:           {"weak", "weakSubclass:", "WeakLayout"},
	Ephemeron:      {"ephemeron", "ephemeronSubclass:", "EphemeronLayout"},
	Immediate:      {"immediate", "immediateSubclass:", "ImmediateLayout"},
	CompiledMethod: {"compiledMethod", "compiledMethodSubclass:", "CompiledMethodLayout"},
}

func (k Kind) String() string   { return kinds[k].name }
func (k Kind) selector() string { return kinds[k].selector }

// HasIndexedFields says that instances have a size of their own.
func (k Kind) HasIndexedFields() bool {
	return k != Normal && k != Ephemeron && k != Immediate
}

// kindNamed finds a kind by its Tonel name or its layout class.
func kindNamed(name string) (Kind, bool) {
	for k, names := range kinds {
		if name == names.name || name == names.layout {
			return Kind(k), true
		}
	}
	return Normal, false
}

// kindSelected finds a kind by the first keyword of a class definition.
func kindSelected(keyword string) (Kind, bool) {
	for k, names := range kinds {
		if keyword == names.selector {
			return Kind(k), true
		}
	}
	return Normal, false
}

// shapes are the names that GNU Smalltalk has for the elements of a class in
// <shape: #byte> and variable: #byte subclass:.
var shapes = map[string]Kind{
	"pointer": Variable,
	"byte":    Bytes, "int8": Bytes, "character": Bytes,
	"short": DoubleBytes, "ushort": DoubleBytes,
	"word": Words, "int": Words, "uint": Words, "utf32": Words, "float": Words,
	"int64": DoubleWords, "uint64": DoubleWords, "double": DoubleWords,
}
