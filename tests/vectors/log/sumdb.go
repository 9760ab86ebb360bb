// What golang.org/x/mod/sumdb makes of a small log: roots, proofs, a signed note.
//
// In Debian: apt install golang-go golang-golang-x-mod-dev, then
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run sumdb.go > sumdb.json
//	GO111MODULE=off GOPATH=/usr/share/gocode go run sumdb.go check < OURS
//
// The second reads the same from somebody else and says whether the library agrees.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Old, New int64
	Path     [][]byte
}

type file struct {
	Entries     [][]byte
	Roots       [][]byte // of the first n entries, from none on
	Inclusion   []proof  // entry Old in the log of New
	Consistency []proof
	Key         string
	Note        string
}

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, at := range indexes {
		found = append(found, s[at])
	}
	return found, nil
}

const size = 20

func main() {
	if len(os.Args) > 1 {
		check()
		return
	}
	var made file
	var hashes stored
	for n := int64(0); n <= size; n++ {
		root, err := tlog.TreeHash(n, hashes)
		must(err)
		made.Roots = append(made.Roots, append([]byte{}, root[:]...))
		for old := int64(0); old < n; old++ {
			path, err := tlog.ProveRecord(n, old, hashes)
			must(err)
			made.Inclusion = append(made.Inclusion, proof{old, n, plain(path)})
		}
		for old := int64(1); old <= n; old++ {
			path, err := tlog.ProveTree(n, old, hashes)
			must(err)
			made.Consistency = append(made.Consistency, proof{old, n, plain(path)})
		}
		entry := []byte(fmt.Sprintf("entry %d\n", n))
		if n < size {
			made.Entries = append(made.Entries, entry)
			more, err := tlog.StoredHashes(n, entry, hashes)
			must(err)
			hashes = append(hashes, more...)
		}
	}
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	key, err := note.NewEd25519VerifierKey("example.org/log", public)
	must(err)
	made.Key = key
	secret := fmt.Sprintf("PRIVATE+KEY+%s+%s", key[:len("example.org/log+xxxxxxxx")],
		base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	signer, err := note.NewSigner(secret)
	must(err)
	text := fmt.Sprintf("example.org/log\n%d\n%s\n", size,
		base64.StdEncoding.EncodeToString(made.Roots[size]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	made.Note = string(signed)
	must(json.NewEncoder(os.Stdout).Encode(made))
}

func check() {
	var given file
	must(json.NewDecoder(os.Stdin).Decode(&given))
	for _, each := range given.Inclusion {
		leaf := tlog.RecordHash(given.Entries[each.Old])
		must(tlog.CheckRecord(full(each.Path), each.New, hash(given.Roots[each.New]), each.Old, leaf))
	}
	for _, each := range given.Consistency {
		must(tlog.CheckTree(full(each.Path), each.New, hash(given.Roots[each.New]),
			each.Old, hash(given.Roots[each.Old])))
	}
	verifier, err := note.NewVerifier(given.Key)
	must(err)
	_, err = note.Open([]byte(given.Note), note.VerifierList(verifier))
	must(err)
	fmt.Println(len(given.Inclusion), "proofs of entries,", len(given.Consistency),
		"of consistency and a note: right")
}

func plain(path []tlog.Hash) [][]byte {
	found := [][]byte{}
	for _, each := range path {
		found = append(found, append([]byte{}, each[:]...))
	}
	return found
}

func full(path [][]byte) []tlog.Hash {
	var found []tlog.Hash
	for _, each := range path {
		found = append(found, hash(each))
	}
	return found
}

func hash(data []byte) (found tlog.Hash) {
	copy(found[:], data)
	return found
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
