package native

// Template describes code of the template tier. It runs on a frame of the interpreter: the
// same words mean the same, the operand stack is in memory wherever the code is left, and
// the pc slot names the next bytecode then. Two things tell such a frame from others: bits of
// its flags name the code it may go on in, and frames that it called return to that.
//
// It has no safepoints: a collector and walkers take the frame for what it is.
type Template struct {
	// Entries are the offsets in Bytes where the code goes on at a bytecode, by the
	// bytecode's offset from the first one, with everything on the operand stack; 0 where it cannot.
	Entries []int32
	// Returns are those where it goes on there with the value that is to be pushed in RAX: what
	// a frame returns to that it called at the bytecode before.
	Returns []int32
	// Sites say how the send of each cell differs from an ordinary one.
	Sites []Site
	// Flags are those of its frames: the number of arguments, and 256 if it is a block.
	Flags int
	// Copied is how many copied values its closures have, if it is a block.
	Copied int
}

// FlagsLiteral is the literal of template code that is the flags word of its frames. Literal 0 is
// the method or block.
const FlagsLiteral = 1

// Site is a kind of send.
type Site uint8

// Kinds of sends. From SiteSpecial on they are of special selector number kind - SiteSpecial.
const (
	SiteSend Site = iota
	SiteSuper
	SiteSpecial
)

// Need is what template code needs the interpreter for. The pc slot names the bytecode to
// go on at.
type Need uint64

// The needs, with their operands.
const (
	NeedInterpret      Need = iota // the bytecode at the pc itself
	NeedPoll                       // the stack limit was met
	NeedTrip                       // the count ran down; 1 at a back edge, else 0
	NeedReturn                     // return Args[0]
	NeedNonLocalReturn             // return Args[0] from the home of the block
	NeedMustBeBoolean              // the top of the stack was jumped on
	NeedFullClosure                // make a closure: literal, flags
	NeedNewArray                   // make an Array: size, and whether it is filled
	NeedClass                      // replace the top of the stack by its class
	NeedStoreVariable              // store the top of the stack: instance variable, 1 to pop
	NeedStoreRemote                // the same in a vector: it, index*2 + 1 to pop
	NeedStoreBinding               // the same in a literal variable: literal, 1 to pop
)
