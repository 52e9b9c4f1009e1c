package cpu

// In8 and the like read and write I/O ports.
func In8(port uint16) uint8
func Out8(port uint16, v uint8)
func Out16(port uint16, v uint16)
func Out32(port uint16, v uint32)

// ReadMSR and WriteMSR access a model-specific register.
func ReadMSR(reg uint32) uint64
func WriteMSR(reg uint32, v uint64)

// FaultAddress is CR2.
func FaultAddress() uint64

// Root and SetRoot access CR3, the physical address of the page tables.
func Root() uint64
func SetRoot(v uint64)

// Forget drops what the processor remembers of the page at addr.
func Forget(addr uint64)

// LoadGDT, LoadIDT and LoadTask set the tables of segments and of interrupts (by their pseudo
// descriptors) and the task register.
func LoadGDT(descriptor uintptr)
func LoadIDT(descriptor uintptr)
func LoadTask(selector uint16)

// CPUID runs the instruction of that name.
func CPUID(leaf, sub uint32) (a, b, c, d uint32)

// TSC reads the time-stamp counter.
func TSC() uint64

// ExtendedControl is XCR0; it must be known that there is one.
func ExtendedControl() uint64
func SetExtendedControl(v uint64)

// Random is RDRAND, RandomSeed RDSEED; it must be known that the processor has them.
func Random() (v uint64, ok bool)
func RandomSeed() (v uint64, ok bool)

// Pause tells the processor that this is a waiting loop.
func Pause()

// WaitForInterrupt lets interrupts in, halts until one has been served, and masks them again.
func WaitForInterrupt()

// Halt stops for good.
func Halt()

// TripleFault resets the machine.
func TripleFault()

// Zero clears n bytes at addr, Copy copies n bytes; both want multiples of 8.
func Zero(addr, n uintptr)
func Copy(to, from, n uintptr)

// Control4 and SetControl4 access CR4.
func Control4() uint64
func SetControl4(v uint64)
