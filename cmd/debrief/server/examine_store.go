package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/debriefhq/debrief/repository"
	"github.com/debriefhq/debrief/repository/mongodb"
	"github.com/debriefhq/debrief/repository/sqlite"
)

const (
	// fullBelow is the free space, in bytes, with which writes are about to fail, as the log alone may grow by that much.
	fullBelow = 64 << 20
	// scarceBelow is the least free space, in bytes, that is not told of.
	scarceBelow = 1 << 30
)

func (e *examiner) examineStore(ctx context.Context) {
	location, err := LocateStore(e.config.Store)
	switch {
	case err != nil:
		e.refuse("store", err)
	case location.Path != "":
		e.examineSQLite(ctx, location.Path)
	default:
		e.examineMongoDB(ctx, location.URL)
	}
}

func (e *examiner) examineSQLite(ctx context.Context, path string) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		e.warn("store", "debrief serve makes it; if there should be one, name it by --store", "there is none at sqlite:%s yet", path)
		e.examineSpace(path, 0)
		return
	}
	found, err := sqlite.Examine(ctx, path)
	switch {
	case err != nil:
		e.fail("store", "name another one by --store, or bring a backup back with debrief restore", "%v", err)
		return
	case found.Version < found.Newest:
		e.warn("store", "back it up; debrief serve brings it to the newer one when it starts", "sqlite:%s has the schema %d, and this program wants %d", path, found.Version, found.Newest)
	default:
		e.ok("store", "sqlite:%s has the schema %d, and %s", path, found.Version, humanize.IBytes(uint64(info.Size())))
	}
	e.examineFile(path, info)
	if len(found.Missing) > 0 {
		e.fail("indexes", "bring a backup back, or move everything into a new store with debrief export and debrief import",
			"the schema lacks %s", strings.Join(found.Missing, ", "))
	} else {
		e.ok("indexes", "all are there")
	}
	if err := sqlite.CheckIntegrity(ctx, path); err != nil {
		e.fail("integrity", "stop the server, put the file aside, and bring a backup back with debrief restore", "%s", oneLine(err))
	} else {
		e.ok("integrity", "it can be read from end to end")
	}
	e.examineSpace(path, info.Size())
	if found.Version == found.Newest {
		e.examineContents(ctx, func(ctx context.Context) (repository.Repository, error) { return sqlite.OpenReadOnly(ctx, path) })
	}
}

// oneLine is an error of many lines in one.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// examineFile looks at who may read the file, and whether it can be written.
func (e *examiner) examineFile(path string, info fs.FileInfo) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = file.Close()
	}
	switch {
	case err != nil:
		e.warn("file", "see to it that the user that the server runs as can write it", "this user can't write it: %v", err)
	case info.Mode().Perm()&0o007 != 0:
		e.warn("file", "chmod o= "+path, "everybody on this machine may open it: its mode is %v", info.Mode().Perm())
	default:
		e.ok("file", "this user can write it, and its mode is %v", info.Mode().Perm())
	}
}

// examineSpace looks how much room there is beside a file of a size, in bytes.
func (e *examiner) examineSpace(path string, size int64) {
	free, known := freeSpace(existing(path))
	needed := max(uint64(size), scarceBelow)
	const advice = "make room: writes are refused when the disk is full"
	switch {
	case !known:
	case free < fullBelow:
		e.fail("disk", advice, "%s are free", humanize.IBytes(free))
	case free < needed:
		e.warn("disk", advice, "%s are free, and a copy of the store or a growing log may need %s", humanize.IBytes(free), humanize.IBytes(needed))
	default:
		e.ok("disk", "%s are free", humanize.IBytes(free))
	}
}

// existing is the nearest directory above a path that is there.
func existing(path string) string {
	directory := filepath.Dir(path)
	for {
		if _, err := os.Stat(directory); err == nil || filepath.Dir(directory) == directory {
			return directory
		}
		directory = filepath.Dir(directory)
	}
}

func (e *examiner) examineMongoDB(ctx context.Context, uri string) {
	found, err := mongodb.Examine(ctx, uri, mongodb.Options{Now: e.now})
	if err != nil {
		e.fail("store", "look at --store, at the server, and at the way there", "%s", oneLine(err))
		return
	}
	if found.Known {
		e.compareClocks("store clock", found.Ahead, found.Uncertainty)
	}
	if found.Empty {
		e.warn("store", "debrief serve makes it; if there should be one, name it by --store", "there is nothing in the database %s of MongoDB yet", found.Database)
		return
	}
	e.ok("store", "the database %s of MongoDB takes writes", found.Database)
	if len(found.Missing) > 0 {
		e.warn("indexes", "start a server: it makes them, and lists are slow until it has", "%s", missing(found.Missing))
	} else {
		e.ok("indexes", "all are there")
	}
	if found.Left > 0 {
		e.warn("outboxes", "start a server, or look into the log of those that run for \"effects\"",
			"events of %d changes have waited for a minute to get to their places", found.Left)
	} else {
		e.ok("outboxes", "nothing was left behind")
	}
	e.examineContents(ctx, func(ctx context.Context) (repository.Repository, error) {
		return mongodb.OpenReadOnly(ctx, uri, mongodb.Options{})
	})
}

// missing tells of indexes by the names of their collections.
func missing(indexes map[string][]string) string {
	var told []string
	for _, collection := range slices.Sorted(maps.Keys(indexes)) {
		told = append(told, fmt.Sprintf("%s lacks %s", collection, strings.Join(indexes[collection], ", ")))
	}
	return strings.Join(told, "; ")
}
