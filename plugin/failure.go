package plugin

import "strconv"

// Failure is a primitive failure code: the index, from 1, into the image's table
// of error objects. OK is none.
type Failure uint16

// Failure codes. OSError gives the image Call.OSErr too.
const (
	OK              Failure = 0
	Generic         Failure = 1
	BadReceiver     Failure = 2
	BadArgument     Failure = 3
	BadIndex        Failure = 4
	BadNumArgs      Failure = 5
	Inappropriate   Failure = 6
	Unsupported     Failure = 7
	NoModification  Failure = 8 // the object is read-only
	NoMemory        Failure = 9 // the VM collects and calls a named primitive again
	NoCMemory       Failure = 10
	NotFound        Failure = 11
	BadMethod       Failure = 12
	InternalError   Failure = 13
	ObjectMayMove   Failure = 14
	LimitExceeded   Failure = 15
	Pinned          Failure = 16
	WritePastEnd    Failure = 17
	ObjectMoved     Failure = 18
	NotPinned       Failure = 19
	CallbackError   Failure = 20
	OSError         Failure = 21
	FFIException    Failure = 22
	NeedCompaction  Failure = 23
	OperationFailed Failure = 24
)

var failureNames = [...]string{"ok", "primitive failed", "bad receiver", "bad argument", "bad index",
	"bad number of arguments", "inappropriate operation", "unsupported operation", "no modification",
	"insufficient object memory", "insufficient C memory", "not found", "bad method",
	"internal error in named primitive machinery", "object may move", "resource limit exceeded",
	"object is pinned", "primitive write beyond end of object", "object moved", "object not pinned",
	"callback error", "operating system error", "FFI call exception", "heap compaction needed",
	"operation failed"}

// String answers the words images use for the code.
func (f Failure) String() string {
	if int(f) < len(failureNames) {
		return failureNames[f]
	}
	return "primitive failure " + strconv.Itoa(int(f))
}

// Error makes a Failure an error.
func (f Failure) Error() string { return f.String() }
