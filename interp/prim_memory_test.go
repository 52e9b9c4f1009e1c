package interp

import (
	"math"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

func TestMemoryAccess(t *testing.T) {
	w := newWorld(t)
	bytes := []byte{0, 255, 1, 2, 0x80, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	w.check([]primCase{
		row(600, bytes, 0)("false"), row(600, bytes, 1)("true"), row(601, bytes, 1)("255"), row(602, bytes, 1)("-1"),
		row(603, bytes, 1)("511"), row(604, bytes, 15)("-1"), row(605, bytes, 15)("4294967295"), row(606, bytes, 15)("-1"),
		row(607, bytes, 15)("18446744073709551615"), row(608, bytes, 15)("-1"), row(608, bytes, 0)(w.show(w.oop(int64(0x00003F800201FF00)))),
		row(609, bytes, 7)("(ExternalAddress 0 0 0 0 0 0 240 63)"), row(610, bytes, 1)("$255"), row(611, bytes, 1)("$511"), row(612, bytes, 2)(w.show(heap.FromChar(0x3F800201))),
		row(613, bytes, 2)("1.0000611543655396"), row(614, bytes, 7)("1.0"),
	})
	sizes := [memoryTypes]int{1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 1, 2, 4, 4, 8}
	address := w.raw("ExternalAddress", 1, 2, 3, 4, 5, 6, 7, 8)
	good := [memoryTypes]any{true, 255, -128, 65535, -32768, uint64(math.MaxUint32), int64(math.MinInt32), uint64(math.MaxUint64), int64(math.MinInt64),
		address, 'x', rune(0xFFFF), rune(heap.MaxCharacter), 1.5, 1e300}
	bad := [memoryTypes][]any{{1, nil}, {256, -1, 'a', 1.5}, {128, -129}, {65536, -1}, {32768, -32769}, {int64(math.MaxUint32) + 1, -1}, {int64(math.MaxInt32) + 1, int64(math.MinInt32) - 1},
		{w.big("0x10000000000000000"), -1}, {uint64(math.MaxInt64) + 1, w.big("-0x8000000000000001")}, {1, "12345678", nil}, {rune(256), 120}, {rune(65536), 120}, {120, nil}, {"x", nil}, {'x', true}}
	for i, size := range sizes {
		load, store := firstLoad+i, firstStore+i
		o := w.oop(make([]byte, 16))
		for _, at := range []int{0, 3, 16 - size} {
			want := w.show(w.oop(good[i]))
			w.checkOne(row(store, o, at, good[i])(want))
			w.checkOne(row(load, o, at)(want))
			w.checkOne(row(load, nil, o, at)(want))
		}
		for _, v := range bad[i] {
			w.checkOne(row(store, o, 0, v)(plugin.BadArgument))
		}
		w.check([]primCase{
			row(load, o, 17-size)(plugin.BadIndex), row(load, o, -1)(plugin.BadIndex), row(load, o, heap.MaxSmallInt)(plugin.BadIndex), row(load, o, heap.MinSmallInt)(plugin.BadIndex),
			row(load, o, nil)(plugin.BadArgument), row(load, []any{1}, 0)(plugin.BadReceiver), row(load, 3, 0)(plugin.BadReceiver), row(load, w.method(0), 0)(plugin.BadReceiver), row(load, o)(plugin.BadNumArgs),
			row(store, o, 17-size, good[i])(plugin.BadIndex), row(store, o, -1, good[i])(plugin.BadIndex), row(store, o, nil, good[i])(plugin.BadArgument),
			row(store, []any{1}, 0, good[i])(plugin.BadReceiver), row(store, w.frozen(w.oop(make([]byte, 16))), 0, good[i])(plugin.NoModification), row(store, o, 0)(plugin.BadNumArgs),
			row(firstLoadAddress+i, address, 0)(plugin.Unsupported), row(firstStoreAddress+i, address, 0, good[i])(plugin.Unsupported),
		})
		w.assert(w.in.call.Reason != "", "a refusal has no reason")
	}
	// Neighbours are not touched.
	o := w.raw("ByteArray", 9, 9, 9, 9, 9, 9)
	w.call(firstStore+3, o, heap.FromInt(2), heap.FromInt(0x0102))
	w.assert(w.show(o) == "(ByteArray 9 9 2 1 9 9)", "stored %s", w.show(o))
}
