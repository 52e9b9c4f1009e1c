package xenrig

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sista-vm/sista/xenhost/debian"
	"github.com/sista-vm/sista/xenhost/launch"
)

// A snapshot's folder has what QEMU started from, and the state it had come to.
const (
	fileXen      = "xen"
	fileKernel   = "vmlinuz"
	fileTree     = "tree"
	fileSnapshot = "snapshot"
)

// patience is how long the first start may take under emulation on a busy machine, and how long a restored
// computer may take to answer.
const (
	patience        = 5 * time.Minute
	restorePatience = time.Minute
)

// key names everything that a snapshot depends on.
func key(ctx context.Context) (string, error) {
	h := sha256.New()
	version, err := exec.CommandContext(ctx, launch.Program, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", launch.Program, err)
	}
	fmt.Fprintf(h, "%s\n%q\n%q\n", version, command(""), modules)
	for _, p := range parts {
		fmt.Fprintln(h, p.Sum)
	}
	files, err := scripts.ReadDir("dom0")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		data, err := scripts.ReadFile("dom0/" + f.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%q %q\n", f.Name(), data)
	}
	return fmt.Sprintf("%.8x", h.Sum(nil)), nil
}

// snapshotFolder answers the folder of the snapshot, which it makes if it is not there.
func snapshotFolder(ctx context.Context, c Config) (string, error) {
	cache, err := c.cached()
	if err != nil {
		return "", err
	}
	k, err := key(ctx)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, k)
	if _, err := os.Stat(filepath.Join(dir, fileSnapshot)); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(dir, fileSnapshot)); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	archive := &debian.Archive{Folder: filepath.Join(cache, "packages"), Note: func(name string) { c.Note("fetching " + name) }}
	if err := writeFiles(ctx, archive, work); err != nil {
		return "", err
	}
	c.Note("starting Xen for the first time; its snapshot is kept in " + dir)
	if err := makeSnapshot(ctx, work); err != nil {
		return "", err
	}
	return dir, os.Rename(work, dir)
}

// writeFiles makes what QEMU starts from.
func writeFiles(ctx context.Context, a *debian.Archive, dir string) error {
	t, err := build(ctx, a)
	if err != nil {
		return err
	}
	xen, err := t.hypervisor()
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, fileTree))
	if err != nil {
		return err
	}
	err = t.archive(f)
	return errors.Join(err, f.Close(),
		os.WriteFile(filepath.Join(dir, fileXen), xen, 0o644),
		os.WriteFile(filepath.Join(dir, fileKernel), t[kernelFile].data, 0o644))
}

// makeSnapshot starts the computer and saves its state as soon as it answers.
func makeSnapshot(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := start(ctx, dir, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.ready(ctx); err != nil {
		return fmt.Errorf("Xen does not start: %w; it said last:\n%s", err, lastLines(filepath.Join(dir, "console")))
	}
	for _, step := range []struct {
		what      string
		arguments map[string]any
	}{
		{"stop", nil},
		{"migrate-set-parameters", map[string]any{"max-bandwidth": 10 << 30}},
		{"migrate", map[string]any{"uri": "exec:cat > " + fileSnapshot + ".part"}},
	} {
		if err := c.monitor.do(step.what, step.arguments, nil); err != nil {
			return err
		}
	}
	if err := c.migrated(ctx); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, fileSnapshot+".part"), filepath.Join(dir, fileSnapshot))
}

// migrated waits until a state has been saved, or restored.
func (c *Computer) migrated(ctx context.Context) error {
	for {
		var m struct {
			Status string `json:"status"`
			Desc   string `json:"error-desc"`
		}
		if err := c.monitor.do("query-migrate", nil, &m); err != nil {
			return c.why(err)
		}
		switch m.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return c.why(fmt.Errorf("the snapshot: %s %s", m.Status, m.Desc))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// restore starts a computer from its snapshot.
func restore(ctx context.Context, dir string, config Config) (*Computer, error) {
	own, err := os.MkdirTemp("", "sista-xenrig")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{fileXen, fileKernel, fileTree, fileSnapshot} {
		if err := os.Symlink(filepath.Join(dir, name), filepath.Join(own, name)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(own))
		}
	}
	c, err := start(ctx, own, config.Forwards, "-incoming", "exec:cat "+fileSnapshot)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(own))
	}
	c.folder = own
	if err := c.resume(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// resume lets a restored computer go on, and tells it what time it is.
func (c *Computer) resume(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restorePatience)
	defer cancel()
	if err := c.migrated(ctx); err != nil {
		return err
	}
	if err := c.monitor.do("cont", nil, nil); err != nil {
		return err
	}
	if err := c.ready(ctx); err != nil {
		return fmt.Errorf("the restored computer does not answer: %w; Xen said last:\n%s", err, c.Console())
	}
	var out strings.Builder
	code, err := c.Run(ctx, launch.Command{Args: []string{"date", "-s", fmt.Sprintf("@%d", time.Now().Unix())}, Stdout: &out})
	if err == nil && code != 0 {
		err = fmt.Errorf("its clock cannot be set: %s", out.String())
	}
	return err
}

// Console answers the last that Xen and its first domain said.
func (c *Computer) Console() string { return lastLines(filepath.Join(c.folder, "console")) }

// lock waits until nobody else makes a snapshot: whoever made the folder does.
func lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		err := os.Mkdir(name, 0o755)
		if err == nil {
			return func() { os.Remove(name) }, nil
		}
		fi, e := os.Stat(name)
		switch {
		case !errors.Is(err, os.ErrExist):
			return nil, err
		case e == nil && time.Since(fi.ModTime()) > 2*patience:
			os.Remove(name) // who made it is dead
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
