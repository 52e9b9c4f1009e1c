package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
)

var keygenCommand = &command{
	name: "keygen", usage: "[flags]",
	short: "make a key that seals optimized images",
	long: `
Makes a key: 32 random bytes in a file that only its owner can read. Optimized images
are sealed with it, and machine code in them is run only where the same key is.

The key's place is the user's folder for configuration, where sista looks for it;
warm-and-save makes it there if need be. Other machines get a copy, in a file named with
--key or by SISTA_KEY, or SISTA_KEY is its digits. A key that is there is never replaced.

examples:
  sista keygen
  sista keygen -o fleet.key
  sista run --key fleet.key app.image`,
}

func init() {
	keygenCommand.run = runKeygen
	keygenCommand.options = func(fs *flagSet) { registerKeyFile(fs) }
}

func registerKeyFile(fs *flagSet) *string {
	return fs.String("o", "", "write the key to `file` (default: the user's own key)")
}

func runKeygen(c *command, args []string) int {
	fs := c.flagSet()
	file := registerKeyFile(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	switch {
	case done:
		return code
	case len(args) > 0:
		return misuse("keygen: it takes no arguments, not %q", args[0])
	}
	if *file == "" {
		var err error
		if *file, err = trust.DefaultPath(hostos.Environment()); err != nil {
			return failed(err)
		}
	}
	k, err := trust.NewKey(rand.Reader)
	if err == nil {
		err = trust.WriteKey(hostos.NewFiles(), *file, k)
	}
	if err != nil {
		return failed(err)
	}
	fmt.Printf("%s: key %s\n", *file, k.ID())
	return exitOK
}

// keyFlag is the flag for the key of optimized images.
type keyFlag struct{ file string }

func (k *keyFlag) register(fs *flagSet) {
	fs.StringVar(&k.file, "key", "", "prove optimized images with the key in `file` (default: SISTA_KEY, or the user's own key)")
}

// find answers the key; nil if there is none and none is asked for.
func (k *keyFlag) find() (*trust.Key, error) {
	key, err := trust.FindKey(hostos.NewFiles(), hostos.Environment(), k.file)
	if errors.Is(err, trust.ErrNoKey) {
		return nil, nil
	}
	return key, err
}

// seal answers what seals images, with a key that is made if there is none.
func (k *keyFlag) seal() (snapshot.Sealer, error) {
	key, err := trust.EnsureKey(hostos.NewFiles(), hostos.Environment(), rand.Reader, k.file)
	if err != nil {
		return nil, err
	}
	return trust.NewSealer(key), nil
}

// trusts answers what tells whether a file may be executed; all of it is hashed if it is
// to be verified.
func (k *keyFlag) trusts(verify bool) func(*snapshot.File) (snapshot.Trusted, error) {
	return func(f *snapshot.File) (snapshot.Trusted, error) {
		key, err := k.find()
		if err != nil {
			return nil, err
		}
		a, err := trust.Verify(f, key)
		if err == nil && verify {
			err = a.VerifyAll()
		}
		if err != nil {
			return nil, err
		}
		return a, nil
	}
}
