package zip

// The codes of RFC 1951 for lengths and distances of matches, all counted from
// the shortest: length 3 and distance 1 are 0.
const (
	firstLengthCode = 257
	literalCodes    = 286
	distanceCodes   = 30
)

// codeRange is what one code stands for: a first value and extra bits to add.
type codeRange struct {
	base  uint32
	extra int
}

var (
	lengthRanges   [literalCodes - firstLengthCode]codeRange
	lengthCodes    [256]uint16 // by length
	distanceRanges [distanceCodes]codeRange
	shortDistances [256]uint8 // codes by distance
	longDistances  [256]uint8 // codes by distance / 128
)

func init() {
	// Groups of four codes share a number of extra bits, the first two groups none.
	var base uint32
	for i := range lengthRanges {
		extra := max(i/4-1, 0)
		lengthRanges[i] = codeRange{base, extra}
		for range 1 << extra {
			if base < 256 {
				lengthCodes[base] = uint16(firstLengthCode + i)
				base++
			}
		}
	}
	// The greatest length has a code of its own.
	last := len(lengthRanges) - 1
	lengthRanges[last] = codeRange{255, 0}
	lengthCodes[255] = uint16(firstLengthCode + last)

	// Groups of two codes.
	base = 0
	for i := range distanceRanges {
		extra := max(i/2-1, 0)
		distanceRanges[i] = codeRange{base, extra}
		for end := base + 1<<extra; base < end; {
			longDistances[base>>7] = uint8(i)
			if base < 256 {
				shortDistances[base] = uint8(i)
				base++
			} else {
				base += 128 // codes of 7 extra bits and more
			}
		}
	}
}

// distanceCode answers the code of a distance below maxDistance.
func distanceCode(d int) int {
	if d < len(shortDistances) {
		return int(shortDistances[d])
	}
	return int(longDistances[d>>7])
}
