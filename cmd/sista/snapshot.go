package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
)

var snapshotCommand = &command{
	name: "snapshot", usage: "check|info|strip [flags] X.image",
	short: "look at an optimized image, check it, or make it a plain one",
	long: `
An optimized image is an image with a trailer: what was learned about the program, and
its compiled code. See sista help warm-and-save.

  info    shows what the trailer has, and where it comes from
  check   hashes everything, the image too, and proves the seal with the key; the exit code is
          1 if anything is damaged or was changed, or if a seal is asked for with --key and
          there is none
  strip   takes the trailer off: byte for byte the image that a plain save had written

examples:
  sista snapshot info app.image
  sista snapshot check --key fleet.key app.image
  sista snapshot strip app.image -o plain.image`,
}

func init() {
	snapshotCommand.run = runSnapshot
	snapshotCommand.options = func(fs *flagSet) { new(snapshotFlags).register(fs) }
}

type snapshotFlags struct {
	json   bool
	output string
	key    keyFlag
}

func (s *snapshotFlags) register(fs *flagSet) {
	fs.BoolVar(&s.json, "json", false, "write JSON")
	fs.StringVar(&s.output, "o", "", "strip: write the plain image to `file` (default: over the old one)")
	s.key.register(fs)
}

func runSnapshot(c *command, args []string) int {
	var s snapshotFlags
	fs := c.flagSet()
	s.register(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	actions := map[string]func(*snapshotFlags, *snapshot.File) int{
		"info": (*snapshotFlags).info, "check": (*snapshotFlags).check, "strip": (*snapshotFlags).strip,
	}
	switch {
	case len(args) == 0 || actions[args[0]] == nil:
		return misuse("snapshot: check, info or strip; see sista help snapshot")
	case len(args) != 2:
		return misuse("snapshot %s: it takes one image file; see sista help snapshot", args[0])
	case s.output != "" && args[0] != "strip":
		return misuse("snapshot %s: it writes no file; -o is for strip", args[0])
	}
	f, err := snapshot.Open(hostos.NewFiles(), args[1], hostos.Memory())
	if err != nil {
		return failed(err)
	}
	defer f.Close()
	return actions[args[0]](&s, f)
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, x any) int {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return failed(err)
	}
	return exitOK
}

func (s *snapshotFlags) info(f *snapshot.File) int {
	i := f.Describe()
	if s.json {
		return writeJSON(os.Stdout, i)
	}
	line := func(name, format string, args ...any) { fmt.Printf("%-12s%s\n", name, fmt.Sprintf(format, args...)) }
	line("image", "%s of %s, format %d", bytesText(uint64(i.Image)), bytesText(uint64(i.Size)), i.Format)
	for _, p := range i.Problems {
		line("problem", "%s", p)
	}
	if len(i.Sections) == 0 {
		if f.Problem == nil {
			line("trailer", "none")
		}
		return exitOK
	}
	line("trailer", "version %s, %d sections", i.Version, len(i.Sections))
	for _, x := range i.Sections {
		problem := ""
		if x.Problem != "" {
			problem = "  DAMAGED"
		}
		line("", "%-10s%12d bytes at %#x%s", x.Kind, x.Length, x.Offset, problem)
	}
	if m := i.Manifest; m != nil {
		line("written by", "sista %s, build %s", m.VM, orNone(m.Build))
		line("start", "%s", startText(m.Start))
		line("code", "%d methods and blocks, %d loops, %s; uses %s", m.Methods, m.Loops, bytesText(uint64(m.CodeBytes)), orNone(strings.Join(append(slices.DeleteFunc([]string{m.Arch}, func(a string) bool { return a == "" }), m.Features...), " ")))
		if n := m.Methods + m.Loops; n > 0 {
			line("", "behind the image %s, for each of them %s", bytesText(uint64(i.Size-i.Image)), perUnit(i.Sections, n))
		}
		if len(m.Report) > 0 {
			line("report", "%s", m.Report)
		}
	}
	return exitOK
}

// perUnit tells what the sections take for each method, block and loop that was optimized.
func perUnit(sections []snapshot.SectionInfo, units int) string {
	all, parts := int64(0), []string(nil)
	for _, x := range sections {
		all += x.Length
		parts = append(parts, fmt.Sprintf("%s %d", x.Kind, x.Length/int64(units)))
	}
	return fmt.Sprintf("%d bytes (%s)", all/int64(units), strings.Join(parts, ", "))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// startText says what an image does when it starts.
func startText(s snapshot.Start) string {
	switch s.Kind {
	case snapshot.StartScript:
		return "the statements of " + s.What
	case snapshot.StartTree:
		return "the program of " + s.What
	case snapshot.StartExpression:
		return s.What
	}
	return "goes on where it was saved"
}

// checked is what check finds.
type checked struct {
	Path      string   `json:"path"`
	OK        bool     `json:"ok"`
	Sections  int      `json:"sections"`
	Problems  []string `json:"problems"`
	Authentic bool     `json:"authentic"`
	Seal      string   `json:"seal"` // by which key, or why not
}

func (s *snapshotFlags) check(f *snapshot.File) int {
	r := checked{Path: f.Path, Sections: len(f.Index()), Problems: []string{}}
	for _, err := range f.Check() {
		r.Problems = append(r.Problems, err.Error())
	}
	key, err := s.key.find()
	if err != nil {
		return failed(err)
	}
	a, err := trust.Verify(f, key)
	if err == nil {
		err = a.VerifyAll()
	}
	r.Authentic = err == nil
	if err == nil {
		r.Seal = fmt.Sprintf("sealed with key %s (%s)", key.ID(), key.From)
	} else {
		r.Seal = err.Error()
	}
	_, sealed := f.Entry(snapshot.KindSeal)
	r.OK = len(r.Problems) == 0 && (r.Authentic || s.key.file == "" && (!sealed || key == nil))
	code := exitOK
	if !r.OK {
		code = exitFailed
	}
	if s.json {
		return max(code, writeJSON(os.Stdout, r))
	}
	for _, p := range r.Problems {
		fmt.Println(p)
	}
	switch {
	case r.Sections == 0 && f.Problem == nil:
		fmt.Printf("%s: a plain image: it has no trailer\n", f.Path)
	case len(r.Problems) == 0:
		fmt.Printf("%s: the image and %d sections are as they were written\n", f.Path, r.Sections)
	}
	if r.Authentic {
		fmt.Printf("%s: %s\n", f.Path, r.Seal)
	} else if r.Sections > 0 || s.key.file != "" {
		fmt.Println(r.Seal)
	}
	return code
}

func (s *snapshotFlags) strip(f *snapshot.File) int {
	to := s.output
	if to == "" {
		to = f.Path
	}
	less, err := f.Strip(hostos.NewFiles(), to)
	if err != nil {
		return failed(err)
	}
	if s.json {
		return writeJSON(os.Stdout, map[string]any{"path": to, "image": f.Header.End(), "stripped": less})
	}
	fmt.Printf("%s: %s, %s less than before\n", to, bytesText(uint64(f.Header.End())), bytesText(uint64(less)))
	return exitOK
}
