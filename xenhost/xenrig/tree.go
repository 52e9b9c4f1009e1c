package xenrig

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/sista-vm/sista/xenhost/debian"
)

// entry is a file, a link or a folder.
type entry struct {
	mode uint32
	data []byte // a link's is where it leads
}

// tree is the first domain's files by name, and those for QEMU.
type tree map[string]entry

//go:embed dom0
var scripts embed.FS

// scriptPlaces says where the scripts go.
var scriptPlaces = map[string]string{
	"init.sh": "init", "agent.sh": "agent", "vif-bridge.sh": "etc/xen/scripts/vif-bridge", "block.sh": "etc/xen/scripts/block",
}

// build makes the tree of packages and scripts.
func build(ctx context.Context, a *debian.Archive) (tree, error) {
	t := tree{}
	for _, p := range parts {
		file, err := a.Fetch(ctx, p.Package)
		if err != nil {
			return nil, err
		}
		found := 0
		if err := debian.Unpack(file, func(h *tar.Header, r io.Reader) error {
			target := p.target(h.Name)
			if target == "" {
				return ctx.Err()
			}
			found++
			return t.take(target, h, r)
		}); err != nil {
			return nil, err
		}
		if found == 0 {
			return nil, fmt.Errorf("package %s has none of the files that are expected", p.Name())
		}
	}
	for _, m := range modules {
		if _, ok := t[modulePath(m)]; !ok {
			return nil, fmt.Errorf("the kernel has no module %s", m)
		}
	}
	for from, to := range scriptPlaces {
		data, err := scripts.ReadFile("dom0/" + from)
		if err != nil {
			return nil, err
		}
		t[to] = entry{modeFile | 0o755, data}
	}
	t.text("etc/xen/xl.conf", "autoballoon=\"off\"\n")
	t.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	t.text("etc/group", "root:x:0:\n")
	var order strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&order, "/%s\n", modulePath(m))
	}
	t.text("lib/modules/order", order.String())
	t["bin/sh"] = entry{modeLink | 0o777, []byte("busybox")}
	for _, d := range []string{"dev", "proc", "sys", "run/xen", "run/lock", "run/xenstored", "tmp", "root", "guests",
		"var/lib/xen", "var/lib/xenstored", "var/log/xen/console"} {
		t[d] = entry{mode: modeFolder | 0o755}
	}
	t["var/run"] = entry{modeLink | 0o777, []byte("/run")}
	t["var/lock"] = entry{modeLink | 0o777, []byte("/run/lock")}
	return t, nil
}

func modulePath(m string) string { return "lib/modules/" + path.Base(m) + ".ko" }

func (t tree) text(name, data string) { t[name] = entry{modeFile | 0o644, []byte(data)} }

// take adds what a package has.
func (t tree) take(target string, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg:
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		t[target] = entry{modeFile | uint32(h.Mode)&0o777, data}
	case tar.TypeSymlink:
		t[target] = entry{modeLink | 0o777, []byte(h.Linkname)}
	case tar.TypeLink:
		first, ok := t[strings.TrimPrefix(h.Linkname, "./")]
		if !ok {
			return fmt.Errorf("%s is the same as %s, which is not there", h.Name, h.Linkname)
		}
		t[target] = first
	}
	return nil
}

// archive makes the file that Linux unpacks.
func (t tree) archive(w io.Writer) error {
	all := tree{}
	for name, e := range t {
		if strings.HasPrefix(name, "/") {
			continue // for QEMU
		}
		all[name] = e
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			if _, ok := all[d]; !ok {
				all[d] = entry{mode: modeFolder | 0o755}
			}
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names) // folders stand before what is in them
	a := archive{w: w}
	for _, name := range names {
		a.add(name, all[name].mode, all[name].data)
	}
	return a.close()
}

// hypervisor answers Xen, in the form that QEMU can start.
func (t tree) hypervisor() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(t[hypervisorFile].data))
	if err != nil {
		return nil, errors.Join(errors.New("the hypervisor's package"), err)
	}
	return io.ReadAll(z)
}
