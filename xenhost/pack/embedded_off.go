//go:build !embedkernels

package pack

import "embed"

var embedded embed.FS // without any
