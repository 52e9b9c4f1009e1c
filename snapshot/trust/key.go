package trust

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/sista-vm/sista/host"
)

// KeySize is the size of a key in bytes.
const KeySize = 32

// Key is what seals files and proves seals.
type Key struct {
	secret [KeySize]byte
	// From says where the key was found.
	From string
}

// NewKey makes a key of random bytes.
func NewKey(entropy io.Reader) (*Key, error) {
	k := new(Key)
	if _, err := io.ReadFull(entropy, k.secret[:]); err != nil {
		return nil, fmt.Errorf("no random bytes for a key: %w", err)
	}
	return k, nil
}

// ID answers what tells keys apart, and says nothing of the secret.
func (k *Key) ID() string { return hex.EncodeToString(k.id()) }

func (k *Key) id() []byte { return k.mac([]byte("sista key id"))[:idSize] }

func (k *Key) mac(parts ...[]byte) []byte {
	m := hmac.New(sha256.New, k.secret[:])
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// String keeps the secret out of messages.
func (k *Key) String() string { return "key " + k.ID() }

// parseKey reads the hexadecimal digits of a key.
func parseKey(text string) (*Key, error) {
	k := new(Key)
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != KeySize {
		return nil, fmt.Errorf("a key is %d hexadecimal digits", 2*KeySize)
	}
	copy(k.secret[:], b)
	return k, nil
}

// ReadKey reads a key from its file: a line of hexadecimal digits. The file has to be the
// user's, or root's, and nobody else's to read or write.
func ReadKey(files host.Files, name string) (*Key, error) {
	f, err := files.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, host.Cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, host.Cause(err))
	}
	switch {
	case info.Mode&host.ModeType != host.ModeRegular:
		return nil, fmt.Errorf("key %s: not a regular file", name)
	case info.Mode&0o077 != 0:
		return nil, fmt.Errorf("key %s: others than its owner have permissions, %#o; chmod 600 takes them", name, info.Mode&0o777)
	case !ours(info):
		return nil, fmt.Errorf("key %s: it belongs to another user", name)
	}
	text := make([]byte, 4*KeySize)
	n, err := io.ReadFull(f, text)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("key %s: %w", name, host.Cause(err))
	}
	k, err := parseKey(string(text[:n]))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	k.From = name
	return k, nil
}

// WriteKey writes a key to a new file that only its owner can read. Its folder is made if
// need be. A file that is there stays: it may be the key of many images.
func WriteKey(files host.Files, name string, k *Key) error {
	if err := makeFolders(files, path.Dir(name)); err != nil {
		return fmt.Errorf("key %s: %w", name, err)
	}
	f, err := files.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("key %s: %w", name, host.Cause(err))
	}
	_, err = fmt.Fprintf(f, "%x\n", k.secret[:])
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = files.Remove(name)
		return fmt.Errorf("key %s: %w", name, host.Cause(err))
	}
	k.From = name
	return nil
}

// makeFolders makes a folder, and those it is in, for the owner alone.
func makeFolders(files host.Files, name string) error {
	if info, err := files.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if parent := path.Dir(name); parent != name {
		if err := makeFolders(files, parent); err != nil {
			return err
		}
	}
	if err := files.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder %s: %w", name, host.Cause(err))
	}
	return nil
}

// Variable is the environment variable that has a key, or names its file.
const Variable = "SISTA_KEY"

// DefaultPath answers where the user's key is: in the folder for configuration.
func DefaultPath(env host.Environment) (string, error) {
	if dir, ok := env.Getenv("XDG_CONFIG_HOME"); ok && path.IsAbs(dir) {
		return path.Join(dir, "sista", "key"), nil
	}
	if env.Home == "" {
		return "", errors.New("there is no home folder for a key; give --key or " + Variable)
	}
	return path.Join(env.Home, ".config", "sista", "key"), nil
}

// ErrNoKey says that nobody gave a key, and that none was made for the user so far.
var ErrNoKey = errors.New("there is no key")

// FindKey answers the key to use: that of the file, if a file is named; else that of
// SISTA_KEY, digits or a file; else the user's own, ErrNoKey if there is none.
func FindKey(files host.Files, env host.Environment, file string) (*Key, error) {
	if file != "" {
		return ReadKey(files, file)
	}
	if text, ok := env.Getenv(Variable); ok && text != "" {
		if k, err := parseKey(text); err == nil {
			k.From = Variable
			return k, nil
		}
		k, err := ReadKey(files, text)
		if err != nil {
			return nil, fmt.Errorf("%s is neither %d hexadecimal digits nor the file of a key: %w", Variable, 2*KeySize, withoutSecret(err, text))
		}
		return k, nil
	}
	name, err := DefaultPath(env)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoKey, err)
	}
	if _, err := files.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrNoKey, name)
	}
	return ReadKey(files, name)
}

// withoutSecret answers an error without a text that may be a key with a mistake in it.
func withoutSecret(err error, text string) error {
	if strings.ContainsRune(text, '/') {
		return err
	}
	return host.Cause(errors.Unwrap(err))
}

// EnsureKey answers the key to use as FindKey does, and makes the user's own if there is none.
func EnsureKey(files host.Files, env host.Environment, entropy io.Reader, file string) (*Key, error) {
	k, err := FindKey(files, env, file)
	if !errors.Is(err, ErrNoKey) {
		return k, err
	}
	name, err := DefaultPath(env)
	if err != nil {
		return nil, err
	}
	if k, err = NewKey(entropy); err != nil {
		return nil, err
	}
	if err := WriteKey(files, name, k); errors.Is(err, fs.ErrExist) {
		return ReadKey(files, name) // another process was faster
	} else if err != nil {
		return nil, err
	}
	return k, nil
}

// ours tells whether a file belongs to root or the user.
func ours(info host.FileInfo) bool { return info.UID == 0 || int(info.UID) == os.Geteuid() }
