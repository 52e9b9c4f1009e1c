package blkfront

import (
	"encoding/binary"

	"github.com/sista-vm/sista/xenhost/disk"
	"github.com/sista-vm/sista/xenhost/xenbus"
)

// A request, as 64-bit domains have it (protocol x86_64-abi), and its answer, which comes in any order:
//
//	request    0 operation (1)   1 segments (1)   2 device (2)   8 number (8)   16 first sector (8)
//	          24 up to 11 segments
//	segment    0 grant of a page (4)   4 its first sector (1)   5 its last sector (1)   8 bytes in all
//	answer     0 the request's number (8)   8 its operation (1)   10 status (2)
//
// Sectors have 512 bytes here, whatever those of the device have.
const (
	requestSize   = 112
	segmentsAt    = 24
	segmentSize   = 8
	mostSegments  = 11
	pageSectors   = xenbus.PageSize / disk.SectorSize
	protocolABI   = "x86_64-abi"
	infoReadOnly  = 4 // in what the back half says of the disk
	smallestUnit  = disk.SectorSize
	largestUnit   = xenbus.PageSize
	mostSectors   = 1 << 50
	unsupported   = -2 // status of a flush that the device does not know
	operationNone = 0xff
)

// Operations.
const (
	opRead    = 0
	opWrite   = 1
	opBarrier = 2
	opFlush   = 3
)

// request is what is asked for; pages are the grants of the buffer.
type request struct {
	operation uint8
	device    uint16
	number    uint64
	sector    uint64
	length    int // in bytes: whole sectors
}

// put writes a request into an entry of the ring.
func (r request) put(entry []byte, pages []uint32) {
	clear(entry)
	le := binary.LittleEndian
	sectors := r.length / disk.SectorSize
	n := (sectors + pageSectors - 1) / pageSectors
	entry[0], entry[1] = r.operation, uint8(n)
	le.PutUint16(entry[2:], r.device)
	le.PutUint64(entry[8:], r.number)
	le.PutUint64(entry[16:], r.sector)
	for i := range n {
		s := entry[segmentsAt+i*segmentSize:]
		le.PutUint32(s, pages[i])
		s[5] = uint8(min(pageSectors, sectors-i*pageSectors) - 1)
	}
}

// answer is what the back half says.
type answer struct {
	number    uint64
	operation uint8
	status    int16
}

// readAnswer reads each part once: the back half may change it meanwhile.
func readAnswer(entry []byte) answer {
	le := binary.LittleEndian
	return answer{le.Uint64(entry), entry[8], int16(le.Uint16(entry[10:]))}
}
