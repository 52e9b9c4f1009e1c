module github.com/sista-vm/sista

go 1.26
