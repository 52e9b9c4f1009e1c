package ir

// A Reason names the bet that is lost when compiled code is left.
type Reason uint8

// The reasons.
const (
	ReasonNone             Reason = iota
	ReasonNotSmallInteger         // an operand is not a SmallInteger
	ReasonNotFloat                // an operand is not a Float
	ReasonWrongClass              // a receiver is of a class not seen so far
	ReasonNotIdentical            // an object or method is not the one expected
	ReasonNotBoolean              // a condition is neither true nor false
	ReasonOverflow                // a result is no SmallInteger
	ReasonDivisionByZero          // a divisor is 0
	ReasonIndexOutOfBounds        // an index is not in the object
	ReasonReadOnly                // a store needs the interpreter: object read-only or watched
	ReasonNoMemory                // eden and its reserve are full
	ReasonColdBranch              // a branch that was never taken
	ReasonColdSend                // a send that was never reached
	ReasonPrimitiveFailed         // a primitive does not do this case
	ReasonInvalidated             // an assumption was revoked while a call was under way
	ReasonRequest                 // a poll found that this code has to stop
	ReasonEntry                   // what an OSR entry assumes does not hold
	ReasonStress                  // a test asked for it
	ReasonAnchor                  // no bet: an anchor
	ReasonContext                 // somebody asks for the activation of what was inlined

	numReasons
)

var reasonNames = [numReasons]string{"none", "notSmallInteger", "notFloat", "wrongClass", "notIdentical",
	"notBoolean", "overflow", "divisionByZero", "indexOutOfBounds", "readOnly", "noMemory", "coldBranch",
	"coldSend", "primitiveFailed", "invalidated", "request", "entry", "stress", "anchor", "context"}

func (r Reason) String() string { return reasonNames[r] }

var reasonByName = func() map[string]Reason {
	m := make(map[string]Reason, numReasons)
	for r := range numReasons {
		m[reasonNames[r]] = r
	}
	return m
}()
