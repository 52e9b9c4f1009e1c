package main

// A row gives codes lo..hi one operation; its argument is the code's distance
// from lo plus base, or the Go expression arg.
type row struct {
	lo, hi int
	op     string
	base   int
	arg    string
}

type set struct {
	name, fn, file string
	kind, other    string // cache kinds of methods in this set and the other
	ret            string // the caller slot of frames that return into this loop
	copies         int    // of the loop, for interp to choose from (placement.go)
	fuse, sign     string // comparison fusing; the sign of method headers
	// Codes of operations that are looked for after others: the first of eight
	// stores and of twelve pushes of temporaries, +, and pop.
	popTemp, pushTemp, plus, pop int
	rows                         []row

	gathers       bool              // it is a loop that gathers feedback (gather.go)
	own           map[string]string // operations that it does in its own way
	mark, declare string            // code before each bytecode, variables for it
}

var sets = []set{
	{
		name: "SistaV1", fn: "runSista", copies: 3, file: "loop_sista.go", kind: "kindSista", other: "kindV3", ret: "in.retSista", fuse: "fuseSista", sign: "1",
		popTemp: 208, pushTemp: 64, plus: 96, pop: 216,
		rows: []row{
			{0, 15, "pushRecvVar", 0, ""},
			{16, 31, "pushLitVar", 0, ""},
			{32, 63, "pushLit", 0, ""},
			{64, 75, "pushTemp", 0, ""},
			{76, 76, "push", 0, "recv"},
			{77, 77, "push", 0, "uint64(in.trueOop)"},
			{78, 78, "push", 0, "uint64(in.falseOop)"},
			{79, 79, "push", 0, "uint64(in.nilOop)"},
			{80, 81, "pushInt", 0, ""},
			{82, 82, "pushContextOrProcess", 0, ""},
			{83, 83, "dup", 0, ""},
			{88, 88, "returnMethod", 0, "recv"},
			{89, 89, "returnMethod", 0, "uint64(in.trueOop)"},
			{90, 90, "returnMethod", 0, "uint64(in.falseOop)"},
			{91, 91, "returnMethod", 0, "uint64(in.nilOop)"},
			{92, 92, "returnMethod", 0, "ld(sp)"},
			{93, 93, "returnBlock", 0, "uint64(in.nilOop)"},
			{94, 94, "returnBlockTop", 0, ""},
			{95, 95, "nop", 0, ""},
			{96, 96, "add", 0, ""}, {97, 97, "subtract", 0, ""},
			{98, 98, "less", 0, ""}, {99, 99, "greater", 0, ""}, {100, 100, "lessEqual", 0, ""},
			{101, 101, "greaterEqual", 0, ""}, {102, 102, "equal", 0, ""}, {103, 103, "notEqual", 0, ""},
			{104, 104, "multiply", 0, ""}, {105, 105, "divide", 0, ""}, {106, 106, "modulo", 0, ""},
			{107, 107, "specialSend1", 0, "11"}, {108, 108, "bitShift", 0, ""}, {109, 109, "intDivide", 0, ""},
			{110, 110, "bitAnd", 0, ""}, {111, 111, "bitOr", 0, ""},
			{112, 112, "at", 0, ""}, {113, 113, "atPut", 0, ""}, {114, 114, "size", 0, ""},
			{115, 115, "specialSend0", 0, "19"}, {116, 116, "specialSend1", 0, "20"}, {117, 117, "specialSend0", 0, "21"},
			{118, 118, "identical", 0, "=="}, {119, 119, "class", 0, ""}, {120, 120, "identical", 0, "!="},
			{121, 121, "value", 0, "0"}, {122, 122, "value", 0, "1"},
			{123, 123, "specialSend1", 0, "27"}, {124, 124, "specialSend0", 0, "28"}, {125, 125, "specialSend1", 0, "29"},
			{126, 126, "specialSend0", 0, "30"}, {127, 127, "specialSend0", 0, "31"},
			{128, 143, "send0", 0, ""}, {144, 159, "send1", 0, ""}, {160, 175, "send2", 0, ""},
			{176, 183, "jump", 1, ""}, {184, 191, "jumpTrue", 1, ""}, {192, 199, "jumpFalse", 1, ""},
			{200, 207, "popRecvVar", 0, ""}, {208, 215, "popTemp", 0, ""},
			{216, 216, "pop", 0, ""}, {217, 217, "trap", 0, ""},
			{224, 225, "extended", 0, ""},
			{226, 226, "pushRecvVarLong", 0, ""},
			{227, 227, "pushLitVarLong", 0, ""},
			{228, 228, "pushLitLong", 0, ""},
			{229, 229, "pushTempLong", 0, ""},
			{231, 231, "newArray", 0, ""},
			{232, 232, "pushIntLong", 0, ""}, {233, 233, "pushCharLong", 0, ""},
			{234, 234, "sendLong", 0, ""}, {235, 235, "superSendLong", 0, ""},
			{236, 236, "inlinedMapped", 0, ""},
			{237, 237, "jumpLong", 0, ""}, {238, 238, "jumpTrueLong", 0, ""}, {239, 239, "jumpFalseLong", 0, ""},
			{240, 240, "popRecvVarLong", 0, ""}, {241, 241, "popLitVarLong", 0, ""}, {242, 242, "popTempLong", 0, ""},
			{243, 243, "storeRecvVarLong", 0, ""}, {244, 244, "storeLitVarLong", 0, ""}, {245, 245, "storeTempLong", 0, ""},
			{248, 248, "callPrimitive", 0, ""},
			{249, 249, "pushFullClosure", 0, ""}, {250, 250, "pushClosureSista", 0, ""},
			{251, 251, "pushRemoteTemp", 0, ""}, {252, 252, "storeRemoteTemp", 0, ""}, {253, 253, "popRemoteTemp", 0, ""},
		},
	},
	{
		name: "V3PlusClosures", fn: "runV3", file: "loop_v3.go", kind: "kindV3", other: "kindSista", ret: "in.retV3", fuse: "fuseV3", sign: "0",
		popTemp: 104, pushTemp: 16, plus: 176, pop: 135,
		own: map[string]string{"count": ""}, // its methods are never compiled
		rows: []row{
			{0, 15, "pushRecvVar", 0, ""},
			{16, 31, "pushTemp", 0, ""},
			{32, 63, "pushLit", 0, ""},
			{64, 95, "pushLitVar", 0, ""},
			{96, 103, "popRecvVar", 0, ""}, {104, 111, "popTemp", 0, ""},
			{112, 112, "push", 0, "recv"}, {113, 113, "push", 0, "uint64(in.trueOop)"}, {114, 114, "push", 0, "uint64(in.falseOop)"}, {115, 115, "push", 0, "uint64(in.nilOop)"},
			{116, 116, "pushInt", -1, ""}, {117, 119, "pushInt", 0, ""},
			{120, 120, "returnMethod", 0, "recv"}, {121, 121, "returnMethod", 0, "uint64(in.trueOop)"}, {122, 122, "returnMethod", 0, "uint64(in.falseOop)"},
			{123, 123, "returnMethod", 0, "uint64(in.nilOop)"}, {124, 124, "returnMethod", 0, "ld(sp)"}, {125, 125, "returnBlock", 0, "ld(sp)"},
			{128, 128, "extendedPush", 0, ""}, {129, 129, "extendedStore", 0, ""}, {130, 130, "extendedPop", 0, ""},
			{131, 131, "sendExtended", 0, ""}, {132, 132, "doubleExtended", 0, ""}, {133, 133, "superSendExtended", 0, ""},
			{134, 134, "sendExtended2", 0, ""}, {135, 135, "pop", 0, ""}, {136, 136, "dup", 0, ""},
			{137, 137, "pushContext", 0, ""}, {138, 138, "newArray", 0, ""}, {139, 139, "callPrimitiveV3", 0, ""},
			{140, 140, "pushRemoteTemp", 0, ""}, {141, 141, "storeRemoteTemp", 0, ""}, {142, 142, "popRemoteTemp", 0, ""},
			{143, 143, "pushClosureV3", 0, ""},
			{144, 151, "jump", 1, ""}, {152, 159, "jumpFalse", 1, ""},
			{160, 167, "jumpLongV3", -4, ""}, {168, 171, "jumpTrueV3", 0, ""}, {172, 175, "jumpFalseV3", 0, ""},
			{176, 176, "add", 0, ""}, {177, 177, "subtract", 0, ""},
			{178, 178, "less", 0, ""}, {179, 179, "greater", 0, ""}, {180, 180, "lessEqual", 0, ""},
			{181, 181, "greaterEqual", 0, ""}, {182, 182, "equal", 0, ""}, {183, 183, "notEqual", 0, ""},
			{184, 184, "multiply", 0, ""}, {185, 185, "divide", 0, ""}, {186, 186, "modulo", 0, ""},
			{187, 187, "specialSend1", 0, "11"}, {188, 188, "bitShift", 0, ""}, {189, 189, "intDivide", 0, ""},
			{190, 190, "bitAnd", 0, ""}, {191, 191, "bitOr", 0, ""},
			{192, 192, "at", 0, ""}, {193, 193, "atPut", 0, ""}, {194, 194, "size", 0, ""},
			{195, 195, "specialSend0", 0, "19"}, {196, 196, "specialSend1", 0, "20"}, {197, 197, "specialSend0", 0, "21"},
			{198, 198, "identical", 0, "=="}, {199, 199, "class", 0, ""}, {200, 200, "identical", 0, "!="},
			{201, 201, "value", 0, "0"}, {202, 202, "value", 0, "1"},
			{203, 203, "specialSend1", 0, "27"}, {204, 204, "specialSend0", 0, "28"}, {205, 205, "specialSend1", 0, "29"},
			{206, 206, "specialSend0", 0, "30"}, {207, 207, "specialSend0", 0, "31"},
			{208, 223, "send0", 0, ""}, {224, 239, "send1", 0, ""}, {240, 255, "send2", 0, ""},
		},
	},
}
