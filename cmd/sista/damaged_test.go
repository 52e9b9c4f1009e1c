package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
)

// damagesVariable has more damaged files made than a few.
const damagesVariable = "SISTA_DAMAGE_SEEDS"

// Files that are cut off or have a flipped bit. sista snapshot check fails, and says in which file and at which offset, or that
// it is not the sealed image. sista run --verify ends so too, or tells what it drops of the trailer and does what the program
// does. Nothing shows the inside of the virtual machine.
func TestDamagedImages(t *testing.T) {
	u := newUser(t)
	path := u.warm("good.image")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := snapshot.Open(hostos.NewFiles(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	end, index := f.Header.End(), f.Index()
	_ = f.Close()

	place := regexp.MustCompile(`bad\.image: .*at offset 0x[0-9a-f]+`)
	inside := regexp.MustCompile(`panic|goroutine |SIG[A-Z]+|runtime error`)
	damaged := func(what string, b []byte, section string) {
		t.Helper()
		if err := os.WriteFile(u.dir+"/bad.image", b, 0o644); err != nil {
			t.Fatal(err)
		}
		code, out, errs := u.run("snapshot", "check", "bad.image")
		if told := out + errs; code != exitFailed || !place.MatchString(told) || !strings.Contains(told, section) || inside.MatchString(told) {
			t.Errorf("%s: check ends with %d: %s", what, code, told)
		}
		code, out, errs = u.run("run", "--verify", "bad.image")
		told := strings.Count(errs, "\n") == 1 && place.MatchString(errs) && strings.Contains(errs, section) && !inside.MatchString(errs)
		if runs := code == 0 && out == summed; !told || !runs && (code != exitFailed || out != "") {
			t.Errorf("%s: it ends with %d and prints %q: %s", what, code, out, errs)
		}
	}
	flip := func(what string, at int64, bit int, section string) {
		t.Helper()
		b := bytes.Clone(good)
		b[at] ^= 1 << bit
		damaged(what, b, section)
	}
	for _, e := range index {
		if e.Kind != snapshot.KindFeedback { // which is read when somebody wants to know, and then it is too late to tell
			flip("a bit of section "+e.Kind.String(), e.Offset+e.Length/2, 3, "section "+e.Kind.String())
		}
	}
	flip("a bit of the footer", int64(len(good))-1, 0, "the trailer")
	flip("a bit of the objects", end/2, 5, "")
	flip("a bit of the magic number", 1, 7, "")
	for _, n := range []int64{0, 7, 100, snapshot.PageSize, end / 2, end - 1, end + 1, (end + int64(len(good))) / 2, int64(len(good)) - 1} {
		damaged("cut off", good[:n], "")
	}
	if os.Getenv(damagesVariable) == "" {
		return
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		b := bytes.Clone(good)
		at := random.IntN(len(b))
		b[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(u.dir+"/bad.image", b, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"snapshot", "check", "bad.image"}, {"run", "--verify", "bad.image"}} {
			if code, out, errs := u.run(args...); code < 0 || code == 0 && (args[0] == "snapshot" || out != summed) || inside.MatchString(errs) {
				t.Errorf("%#x, %v: exit code %d, %s%s", at, args, code, out, errs)
			}
		}
	}
}
