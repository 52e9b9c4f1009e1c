package interp

import "github.com/sista-vm/sista/heap"

// exit is why a dispatch loop was left. Operands are in the x fields of Interp;
// pc is after the instruction unless said otherwise.
type exit int

const (
	exitSend                 exit = iota // the method cache has no entry: xSelector, xArgc
	exitForwardedTemp                    // a temp vector is a forwarder; pc is at the instruction
	exitPoll                             // sp is below the stack limit
	exitReturn                           // return xResult from a frame this loop did not call
	exitNonLocalReturn                   // return xResult from the home of a block
	exitArithmetic                       // special send xA of an operator whose short cut did not apply
	exitIdentical                        // == (xA 0) of different objects while there are forwarders
	exitMustBeBoolean                    // a conditional jump on something else
	exitPushLitVar                       // the binding xA is a forwarder
	exitStoreLitVar                      // store into the binding xA; pop if xB
	exitPushContextVar                   // push instance variable xA of a context
	exitStoreRecvVar                     // store into instance variable xA; pop if xB
	exitStoreRemote                      // store into slot xA of the vector xSelector; pop if xB
	exitPushContext                      // thisContext
	exitPushContextOrProcess             // by extension xB
	exitNewArray                         // xA = size | 128 if filled from the stack
	exitPushFullClosure                  // literal xA, flags xB
	exitPushClosure                      // xA = numArgs | numCopied<<8, xB = body size
	exitSuperSend                        // literal xA, xArgc, extension xB
	exitClass                            // class of the top of stack
	exitInlinedMapped                    // mapped inlined primitive xA
	exitCallPrimitive                    // 248 xA xB away from the start of a method
	exitTrap                             // unconditional trap
	exitTrip                             // enough activations (xA 0) and back edges (xA 1) were counted
	exitUnknown                          // pc is at the byte
)

func ld(a uint64) uint64   { return heap.Load(a) }
func st(a, v uint64)       { heap.StoreWord(a, v) }
func ldb(a uint64) byte    { return *(*byte)(heap.Pointer(a)) }
func stb(a uint64, v byte) { *(*byte)(heap.Pointer(a)) = v }
