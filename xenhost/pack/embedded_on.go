//go:build embedkernels

package pack

import "embed"

//go:embed kernels/*.gz
var embedded embed.FS
