package hostos

import "syscall"

func times(st *syscall.Stat_t) (accessed, changed syscall.Timespec) {
	return st.Atimespec, st.Ctimespec
}
