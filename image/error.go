package image

import (
	"errors"
	"fmt"
	"io"

	"github.com/sista-vm/sista/host"
)

// Error is why an image file could not be read or written.
type Error struct {
	Path    string
	Offset  int64 // in the file; -1: nowhere in particular
	Problem string
	Err     error // the cause, if something below failed

	noImage bool
}

func (e *Error) Error() string {
	s := "image"
	if e.Path != "" {
		s += " " + e.Path
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(": at offset %#x", e.Offset)
	}
	if e.Problem != "" {
		s += ": " + e.Problem
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func problem(offset int64, format string, args ...any) error {
	return &Error{Offset: offset, Problem: fmt.Sprintf(format, args...)}
}

// isNoImage tells an error that says only that the first word is of no image.
func isNoImage(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.noImage
}

func cause(err error) error { return host.Cause(err) }

// named puts the name of the file into an error.
func named(path string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		if e.Path == "" {
			e.Path = path
		}
		return err
	}
	return &Error{Path: path, Offset: -1, Err: err}
}

// readAt fills b from an offset.
func readAt(r io.ReaderAt, b []byte, offset int64) error {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Offset: offset, Problem: fmt.Sprintf("%d bytes wanted, %d read", len(b), n), Err: err}
}
