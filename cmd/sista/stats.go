package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sista-vm/sista/vm"
)

// statsForm is the value of --stats: nothing, text, or json.
type statsForm struct{ form string }

func (s *statsForm) String() string { return s.form }

// IsBoolFlag lets --stats stand without a value.
func (s *statsForm) IsBoolFlag() bool { return true }

func (s *statsForm) Set(value string) error {
	switch value {
	case "true", "text":
		s.form = "text"
	case "json":
		s.form = value
	case "false":
		s.form = ""
	default:
		return fmt.Errorf("it is text or json")
	}
	return nil
}

// print prints the figures of a machine to standard error, if they are asked for.
func (s *statsForm) print(machine *vm.VM) {
	if s.form == "" {
		return
	}
	stats, err := machine.Stats()
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "sista: --stats: %v\n", err)
	case s.form == "json":
		e := json.NewEncoder(os.Stderr)
		e.SetIndent("", "  ")
		if err := e.Encode(stats); err != nil {
			fmt.Fprintf(os.Stderr, "sista: --stats: %v\n", err)
		}
	default:
		writeStats(os.Stderr, &stats)
	}
}

// writeStats writes figures for people.
func writeStats(w io.Writer, s *vm.Stats) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	took := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	line("interpreter", "%d calls and loops counted, %d method lookups (%d of them not in the cache), %d process switches, %d stack pages filled",
		s.Counted, s.Lookups, s.CacheMisses, s.ProcessSwitches, s.StackOverflows)
	line("memory", "%s allocated, old space %s (%s of it free)", bytesText(s.Allocated), bytesText(s.OldBytes), bytesText(s.OldFree))
	line("collections", "%d scavenges in %v, %d full in %v; %d objects tenured", s.Scavenges, took(s.ScavengeNs), s.FullGCs, took(s.FullNs), s.Tenured)
	c := s.Compiler
	if c == nil {
		line("compiler", "off")
		return
	}
	line("compiler", "%d methods and blocks and %d loops compiled, %d activations inlined, %s of code in %v (%v)",
		c.Compiled, c.Loops, c.Inlined, bytesText(uint64(c.Bytes)), took(c.Times.Front+c.Times.Passes+c.Times.Code), c.Times)
	line("templates", "%d methods and blocks, %s of code", c.Templates, bytesText(uint64(c.TemplateBytes)))
	if c.Queued > 0 {
		line("queue", "%d compiled beside the program, %d at most waited", c.Queued, c.QueueMax)
	}
	line("bailouts", "%s", countsText(c.Bailouts))
	line("deopts", "%s; %d discarded, %d invalidated, %d replaced by more", countsText(c.Deopts), c.Discarded, c.Invalidated, c.Full)
	if z := s.Zone; z != nil {
		line("code zone", "%s of %s of code, %s of %s of data", bytesText(z.Text), bytesText(z.TextMax), bytesText(z.Data), bytesText(z.DataMax))
	}
}

// countsText answers counts, the largest first.
func countsText(m map[string]int) string {
	if len(m) == 0 {
		return "none"
	}
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int { return m[b] - m[a] })
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s %d", k, m[k])
	}
	return strings.Join(keys, ", ")
}

// bytesText answers a size in a unit that suits it.
func bytesText(n uint64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 10000 && i < len(units)-1 {
		f /= 1000
		i++
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}
