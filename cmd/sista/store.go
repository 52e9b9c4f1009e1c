package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/store"
)

var storeCommand = &command{
	name: "store", usage: "create|ls|get|put|rm|check [flags] DISK [arguments]",
	short: "look at the disk of a guest, put files on it, get them from it",
	long: `
The disk of a guest is a file, or a block device, with a store: files in folders, kept
so that the power may go at any moment.

  create DISK SIZE      makes a disk of that size, such as 64M, with an empty store
  ls DISK [NAME]        lists what is in a folder, and in the folders there
  get DISK NAME         writes a file to standard output, or with -o to a file; a folder only with -o
  put DISK FILE [NAME]  puts a file, a folder with all that is in it, or standard input (-), on the disk;
                        each file is there afterwards, or none of it
  rm DISK NAME          removes a file, or a folder with all that is in it
  check DISK            reads everything; the exit code is 1 if anything is damaged

While a guest of QEMU uses the disk it cannot be changed.

examples:
  sista store create data.store 64M
  sista store put data.store app.image
  sista boot --disk data.store kernel.elf store.image=app.image
  sista store get data.store log.txt | tail`,
}

func init() {
	storeCommand.run = runStore
	storeCommand.options = func(fs *flagSet) { new(storeFlags).register(fs) }
}

type storeFlags struct {
	long, force bool
	output      string
}

func (s *storeFlags) register(fs *flagSet) {
	fs.BoolVar(&s.long, "l", false, "ls: permissions, size and time too")
	fs.StringVar(&s.output, "o", "", "get: write to this `file` or folder, which is not there yet")
	fs.BoolVar(&s.force, "force", false, "create: on a file or device that is there, whatever is on it")
}

// storeAction is what is done with a store.
type storeAction struct {
	least, most int // arguments
	change      bool
	do          func(f *storeFlags, s *store.Store, args []string) error
}

var storeActions = map[string]storeAction{
	"ls": {0, 1, false, (*storeFlags).list}, "get": {1, 1, false, (*storeFlags).get}, "put": {1, 2, true, (*storeFlags).put},
	"rm": {1, 1, true, (*storeFlags).remove}, "check": {0, 0, false, (*storeFlags).check},
}

func runStore(c *command, args []string) int {
	var f storeFlags
	fs := c.flagSet()
	f.register(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	if len(args) < 2 {
		return misuse("store: create, ls, get, put, rm or check, and a disk; see sista help store")
	}
	name, disk, args := args[0], args[1], args[2:]
	if name == "create" {
		if len(args) > 1 || len(args) == 0 && !f.force {
			return misuse("store create: how large? see sista help store")
		}
		if err := f.create(disk, args); err != nil {
			return failed(err)
		}
		return exitOK
	}
	a, ok := storeActions[name]
	switch {
	case !ok:
		return misuse("store %s: there are create, ls, get, put, rm and check", name)
	case len(args) < a.least || len(args) > a.most:
		return misuse("store %s: wrong number of arguments; see sista help store", name)
	case f.output != "" && name != "get":
		return misuse("store %s: -o is for get", name)
	}
	if err := onStore(disk, a.change, func(s *store.Store) error { return a.do(&f, s, args) }); err != nil {
		return failed(err)
	}
	return exitOK
}

// onStore does something with the store on a disk, and brings what it changes to it.
func onStore(disk string, change bool, do func(*store.Store) error) (err error) {
	d, err := store.OpenFile(disk, !change)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	s, err := store.Open(d, store.Options{ReadOnly: !change})
	if err != nil {
		return fmt.Errorf("%s: %w", disk, err)
	}
	return errors.Join(do(s), s.Sync())
}

func (f *storeFlags) create(disk string, args []string) (err error) {
	if len(args) > 0 {
		size, err := launch.ParseSize(args[0])
		if err != nil {
			return err
		}
		if _, err := os.Lstat(disk); err == nil && !f.force {
			return fmt.Errorf("%s: it is there already; --force makes it an empty store", disk)
		}
		if err := (launch.Disk{Path: disk, Size: size}).Make(); err != nil {
			return err
		}
	}
	d, err := store.OpenFile(disk, false)
	if err != nil {
		return err
	}
	_, err = store.Open(d, store.Options{Format: true})
	if err := errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("%s: %w", disk, err)
	}
	return nil
}

func (f *storeFlags) list(s *store.Store, args []string) error {
	top := "/"
	if len(args) > 0 {
		top = args[0]
	}
	return walkStore(s.Files(), top, func(name string, i host.FileInfo) error {
		if i.IsDir() {
			name += "/"
		}
		if f.long {
			fmt.Printf("%03o %12d  %s  ", i.Mode&0o777, i.Size, host.GoTime(i.Modified).UTC().Format("2006-01-02 15:04:05"))
		}
		_, err := fmt.Println(strings.TrimPrefix(name, "/"))
		return err
	})
}

// walkStore calls do with what is in a folder, folders before what is in them, or with a file.
func walkStore(files host.Files, name string, do func(name string, i host.FileInfo) error) error {
	i, err := files.Stat(name)
	if err != nil {
		return err
	}
	if !i.IsDir() {
		return do(name, i)
	}
	list, err := files.ReadDir(name)
	if err != nil {
		return err
	}
	for _, n := range list {
		inside := path.Join(name, n)
		i, err := files.Stat(inside)
		if err != nil {
			return err
		}
		if err := do(inside, i); err != nil {
			return err
		}
		if i.IsDir() {
			if err := walkStore(files, inside, do); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *storeFlags) get(s *store.Store, args []string) error {
	files := s.Files()
	top := path.Join("/", args[0])
	i, err := files.Stat(top)
	switch {
	case err != nil:
		return err
	case i.IsDir() && f.output == "":
		return fmt.Errorf("%s: it is a folder; -o says where to put it", args[0])
	case f.output == "":
		return copyOut(files, top, os.Stdout)
	case i.IsDir():
		if err := os.Mkdir(f.output, 0o777); err != nil {
			return err
		}
	}
	return walkStore(files, top, func(name string, i host.FileInfo) error {
		to := f.output
		if name != top {
			to = filepath.Join(to, filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, top), "/")))
		}
		if i.IsDir() {
			return os.Mkdir(to, 0o777)
		}
		w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		return errors.Join(copyOut(files, name, w), w.Close())
	})
}

func copyOut(files host.Files, name string, w io.Writer) error {
	h, err := files.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = io.Copy(w, h)
	return err
}

func (f *storeFlags) put(s *store.Store, args []string) error {
	from, files := args[0], s.Files()
	if len(args) == 1 && from == "-" {
		return errors.New("standard input needs a name")
	}
	to := path.Join("/", filepath.Base(from))
	if len(args) == 2 {
		to = path.Join("/", args[1])
	}
	if from == "-" {
		return copyIn(files, to, os.Stdin, 0o666)
	}
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := path.Join(to, filepath.ToSlash(rel))
		i, err := os.Stat(name)
		switch {
		case err != nil:
			return err
		case e.IsDir():
			if i, err := files.Stat(target); err == nil && i.IsDir() {
				return nil
			}
			return files.Mkdir(target, 0o777)
		case !i.Mode().IsRegular():
			return fmt.Errorf("%s: neither a file nor a folder", name)
		}
		r, err := os.Open(name)
		if err != nil {
			return err
		}
		defer r.Close()
		return copyIn(files, target, r, i.Mode().Perm())
	})
}

func copyIn(files host.Files, name string, r io.Reader, mode fs.FileMode) error {
	err := host.Replace(files, name, 0, func(h host.File) error {
		_, err := io.Copy(h, r)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return files.Chmod(name, uint32(mode))
}

func (f *storeFlags) remove(s *store.Store, args []string) error {
	files := s.Files()
	var list []string
	if err := walkStore(files, args[0], func(name string, _ host.FileInfo) error {
		list = append(list, name)
		return nil
	}); err != nil {
		return err
	}
	if i, err := files.Stat(args[0]); err == nil && i.IsDir() && path.Join("/", args[0]) != "/" {
		list = append([]string{args[0]}, list...)
	}
	for k := len(list) - 1; k >= 0; k-- {
		err := files.Remove(list[k])
		if i, e := files.Stat(list[k]); e == nil && i.IsDir() {
			err = files.Rmdir(list[k])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *storeFlags) check(s *store.Store, _ []string) error {
	if problems := s.Check(); problems != nil {
		return errors.Join(problems...)
	}
	u := s.Usage()
	_, err := fmt.Printf("%d files, %s of %s free, generation %d\n", u.Files, bytesText(uint64(u.Free)), bytesText(uint64(u.Size)), u.Generation)
	return err
}
