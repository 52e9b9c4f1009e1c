package native

// A Helper is a routine that machine code calls for what takes a loop. Code pushes the
// arguments, the first one first, does CALL OffHelper(x)(R15), and finds the answer in R11 and
// the arguments still on the stack. All other registers are as they were, but the flags. A helper
// leaves nothing, collects nothing, and runs no other code: its call is no safepoint. It checks
// its objects, which may be any oops, on its own; integers are untagged.
type Helper int

// The helpers. Bytes are the elements of an object whose format is one of bytes, but not a method.
const (
	// HelperReplaceBytes: object, start, stop, source, from. It copies bytes from index from of the
	// source to those from start to stop, ascending, and answers 1; or 0 if it did nothing,
	// since an object has no bytes, or is read-only or watched, or an index is outside.
	HelperReplaceBytes Helper = iota
	// HelperReplaceOops is the same for objects of the format of Arrays. It answers 2 if the object
	// is old and is to be remembered.
	HelperReplaceOops
	// HelperCompareBytes: object, object, order. It answers 1, 2 or 3 if the bytes of the first are less,
	// equal or greater in an order of at least 256 bytes, 0 if one has none.
	HelperCompareBytes
	// HelperHashBytes: object, hash. It answers the hash with the bytes worked in, as the images of this family
	// define it, or -1 if it has none.
	HelperHashBytes

	NumHelpers
)

// OffHelper is the offset of a helper's address.
func OffHelper(h Helper) int32 { return offHelpers + 8*int32(h) }
