package build

// testKernel is the least a tree can be: the classes the virtual machine needs, with
// just the methods that tests send.
const testKernel = `
nil subclass: #Object instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object subclass: #Behavior instanceVariableNames: 'superclass methodDict format' classVariableNames: '' package: 'Kernel'.
Behavior subclass: #Class instanceVariableNames: 'instanceVariables organization subclasses name classPool sharedPools environment category' classVariableNames: '' package: 'Kernel'.
Behavior subclass: #Metaclass instanceVariableNames: 'instanceVariables organization thisClass' classVariableNames: '' package: 'Kernel'.
Object subclass: #UndefinedObject instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object subclass: #False instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object subclass: #True instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object immediateSubclass: #SmallInteger instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object subclass: #Character instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableSubclass: #Array instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableByteSubclass: #ByteArray instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableByteSubclass: #ByteString instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
ByteString variableByteSubclass: #Symbol instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableByteSubclass: #CompiledMethod instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableByteSubclass: #CompiledBlock instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object variableSubclass: #BlockClosure instanceVariableNames: 'outerContext startpc numArgs' classVariableNames: '' package: 'Kernel'.
BlockClosure variableSubclass: #FullBlockClosure instanceVariableNames: 'receiver' classVariableNames: '' package: 'Kernel'.
Object variableSubclass: #Context instanceVariableNames: 'sender pc stackp method closureOrNil receiver' classVariableNames: '' package: 'Kernel'.
Object subclass: #Message instanceVariableNames: 'selector arguments lookupClass' classVariableNames: '' package: 'Kernel'.
Object subclass: #Association instanceVariableNames: 'key value' classVariableNames: '' package: 'Kernel'.
Object subclass: #Dictionary instanceVariableNames: 'tally array' classVariableNames: '' package: 'Kernel'.
Dictionary subclass: #SystemDictionary instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Dictionary variableSubclass: #MethodDictionary instanceVariableNames: '' classVariableNames: '' package: 'Kernel'.
Object subclass: #LinkedList instanceVariableNames: 'firstLink lastLink' classVariableNames: '' package: 'Kernel'.
LinkedList subclass: #Semaphore instanceVariableNames: 'excessSignals' classVariableNames: '' package: 'Kernel'.
Object subclass: #Process instanceVariableNames: 'nextLink suspendedContext priority myList' classVariableNames: '' package: 'Kernel'.
Object subclass: #ProcessorScheduler instanceVariableNames: 'quiescentProcessLists activeProcess' classVariableNames: '' package: 'Kernel'.
Object subclass: #Console instanceVariableNames: '' classVariableNames: 'Lines' package: 'Kernel'.
Object subclass: #PrimitiveError instanceVariableNames: 'errorName errorCode' classVariableNames: '' package: 'Kernel'.

Object >> identityHash [
	<primitive: 75>
]
Object >> size [
	<primitive: 62>
]
Symbol >> identityHash [
	^ super identityHash
]
Dictionary >> at: key [
	| index |
	index := key identityHash \\ array size + 1.
	[ | slot |
	slot := array at: index.
	slot == nil ifTrue: [ ^ nil ].
	slot key == key ifTrue: [ ^ slot value ].
	index := index \\ array size + 1 ] repeat
]
SmallInteger >> \\ aNumber [
	<primitive: 11>
]
SmallInteger >> + aNumber [
	<primitive: 1>
]
SmallInteger >> * aNumber [
	<primitive: 9>
]
SmallInteger >> printOn: aConsole [
	self < 10 ifFalse: [ self // 10 printOn: aConsole ].
	aConsole show: (#('0' '1' '2' '3' '4' '5' '6' '7' '8' '9') at: self \\ 10 + 1)
]
SmallInteger >> < aNumber [
	<primitive: 3>
]
SmallInteger >> // aNumber [
	<primitive: 12>
]
Array >> at: anInteger [
	<primitive: 60>
]
Association >> key [
	^ key
]
Association >> value [
	^ value
]
BlockClosure >> value [
	<primitive: 207>
]
Class >> name [
	^ name
]
Console class >> initialize [
	Lines := 0
]
Console class >> lines [
	^ Lines
]
Console class >> show: aString [
	<category: 'printing'>
	Lines := Lines + 1.
	self write: (self handles at: 2) from: aString startingAt: 1 count: aString size
]
Console class >> handles [
	<primitive: 'primitiveFileStdioHandles' module: 'FilePlugin'>
]
Console class >> write: id from: aString startingAt: start count: count [
	<primitive: 'primitiveFileWrite' module: 'FilePlugin' error: code>
	^ code
]
SystemDictionary >> quit: anInteger [
	<primitive: 113>
]
`
