package blameless

import (
	"bytes"
	"regexp"
)

// What the parser is given at most. People who write for people stay far below; beyond, its time would grow with the
// square of the text.
const (
	// maxContainers are quotes and lists opened on one line.
	maxContainers = 50
	// maxOpeners are brackets, tags, code spans and references in one paragraph.
	maxOpeners = 2_000
	// maxAllOpeners are the same in a text.
	maxAllOpeners = 50_000
)

var containers = regexp.MustCompile(`^(?:[ \t]*(?:>|[-+*]|[0-9]{1,9}[.)]))+`)

// bound blanks out, in place, what goes beyond those limits: every other character keeps its place. A paragraph is taken
// to be what stands between two blank lines, which is never less than what the parser takes for one.
func bound(source []byte) []byte {
	openers, all := 0, 0
	for at := 0; at < len(source); {
		line := source[at:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		at += len(line)
		if len(bytes.TrimSpace(line)) == 0 {
			openers = 0
			continue
		}
		boundContainers(line)
		for i, b := range line {
			if b == '[' || b == ']' || b == '<' || b == '`' || b == '!' {
				openers++
				all++
				if openers > maxOpeners || all > maxAllOpeners {
					line[i] = ' '
				}
			}
		}
	}
	return source
}

func boundContainers(line []byte) {
	opened := containers.Find(line)
	if len(opened) <= maxContainers {
		return
	}
	count := 0
	for i, b := range opened {
		if b == ' ' || b == '\t' {
			continue
		}
		if count++; count > maxContainers {
			opened[i] = ' '
		}
	}
}
