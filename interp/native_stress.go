package interp

// Machine code that was made for stress tests counts the guards and polls it passes, and is left
// where the count gets to 0 (native.Context.Guards). No bet is lost there.

// LeaveGuards sets how many guards and polls are passed until machine code is left the next time:
// next is asked at once, and each time that happens. It answers 1 or more.
func (in *Interp) LeaveGuards(next func() int64) {
	in.leaveGuards = next
	in.nat.Guards = next()
}

// countedOut tells whether machine code was left since enough guards were passed, and begins the next count.
func (in *Interp) countedOut() bool {
	if in.leaveGuards == nil || in.nat.Guards != 0 {
		return false
	}
	in.nat.Guards = in.leaveGuards()
	in.Stats.LeftGuards++
	return true
}
