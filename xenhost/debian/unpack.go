package debian

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/internal/xz"
)

// A package is an ar archive: a magic line, then members, each with a header of text:
//
//	0  name (16)   16  ... (32)   48  size, decimal (10)   58  "`\n"
//
// Members begin at even places.
const (
	arMagic      = "!<arch>\n"
	memberHeader = 60
	sizeAt       = 48
	sizeEnd      = 58
	dataMember   = "data.tar.xz"
)

// Unpack calls f for each file, folder and link of the package in a file. Names are without "./".
func Unpack(name string, f func(h *tar.Header, r io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unpack(file, f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

var errFormat = errors.New("no package of Debian with data.tar.xz")

func unpack(r io.Reader, f func(h *tar.Header, r io.Reader) error) error {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return errFormat
	}
	for {
		h := make([]byte, memberHeader)
		if _, err := io.ReadFull(r, h); err != nil {
			return errFormat
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(h[sizeAt:sizeEnd])), 10, 64)
		if err != nil || size < 0 {
			return errFormat
		}
		if name := strings.TrimRight(string(h[:16]), " /"); name == dataMember {
			return unpackTar(io.LimitReader(r, size), f)
		}
		if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
			return err
		}
	}
}

func unpackTar(r io.Reader, f func(h *tar.Header, r io.Reader) error) error {
	z, err := xz.NewReader(r)
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		h.Name = strings.TrimPrefix(h.Name, "./")
		if err := f(h, t); err != nil {
			return err
		}
	}
}
