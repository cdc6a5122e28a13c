// Measures etcd's raft library on the work that `./bench core` gives to Graft's core: some RawNodes in one goroutine,
// memory for a disk, and a network that delivers at once. Prints committed proposals per second and bytes allocated per
// proposal, all nodes together.
package main

import (
	"flag"
	"fmt"
	"io/ioutil"
	"log"
	"os"
	"runtime"
	"time"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

const (
	entryBytes = 256

	// A turn stands for a microsecond and a tick for a heartbeat interval of 50 ms, as in Graft's benchmark.
	turnsPerTick = 50000

	// Often enough that memory stays flat, seldom enough that it costs nothing.
	entriesPerCompaction = 8192

	turnsPerClockReading = 64
)

type node struct {
	*raft.RawNode
	storage   *raft.MemoryStorage
	committed uint64
	compacted uint64
}

type cluster struct {
	nodes []*node
	turns int
}

func newCluster(count int) *cluster {
	var voters []uint64
	for i := 1; i <= count; i++ {
		voters = append(voters, uint64(i))
	}

	quiet := &raft.DefaultLogger{Logger: log.New(ioutil.Discard, "", 0)}
	c := &cluster{}
	for _, id := range voters {
		// A snapshot at the first index carries the members, as the library advises for a start.
		storage := raft.NewMemoryStorage()
		check(storage.ApplySnapshot(pb.Snapshot{Metadata: pb.SnapshotMetadata{
			Index: 1, Term: 1, ConfState: pb.ConfState{Voters: voters},
		}}))
		raw, err := raft.NewRawNode(&raft.Config{
			ID:              id,
			ElectionTick:    10,
			HeartbeatTick:   1,
			Storage:         storage,
			Applied:         1,
			MaxSizePerMsg:   1 << 20,
			MaxInflightMsgs: 256,
			CheckQuorum:     true,
			PreVote:         true,
			Logger:          quiet,
		})
		check(err)
		c.nodes = append(c.nodes, &node{RawNode: raw, storage: storage, compacted: 1})
	}

	check(c.nodes[0].Campaign())
	c.settle()
	if c.nodes[0].BasicStatus().RaftState != raft.StateLeader {
		fail("expected the first node to lead after its campaign; it is %v", c.nodes[0].BasicStatus().RaftState)
	}
	return c
}

// Lets every node work until nobody has anything to do: all have stored, acknowledged and committed.
func (c *cluster) settle() {
	for busy := true; busy; {
		busy = false
		for _, n := range c.nodes {
			if n.HasReady() {
				busy = true
				c.handle(n)
			}
		}
	}
}

// What the library asks of its host: store first, then send, then apply.
func (c *cluster) handle(n *node) {
	ready := n.Ready()
	if !raft.IsEmptyHardState(ready.HardState) {
		check(n.storage.SetHardState(ready.HardState))
	}
	check(n.storage.Append(ready.Entries))
	for _, message := range ready.Messages {
		check(c.nodes[message.To-1].Step(message))
	}
	if count := len(ready.CommittedEntries); count > 0 {
		n.committed = ready.CommittedEntries[count-1].Index
	}
	n.Advance(ready)
	if n.committed >= n.compacted+entriesPerCompaction {
		check(n.storage.Compact(n.committed))
		n.compacted = n.committed
	}
}

func (c *cluster) turn(propose func(leader *node)) {
	c.turns++
	if c.turns%turnsPerTick == 0 {
		for _, n := range c.nodes {
			n.Tick()
		}
	}
	propose(c.nodes[0])
	c.settle()
}

func (c *cluster) checkCommitted(expected uint64) {
	for _, n := range c.nodes {
		if n.committed != expected {
			fail("expected every node to have committed up to %d; node %d has up to %d", expected, n.BasicStatus().ID, n.committed)
		}
	}
}

func main() {
	nodes := flag.Int("nodes", 3, "cluster size")
	batch := flag.Int("batch", 1, "entries per turn")
	mode := flag.String("mode", "closed", "closed: one proposal of that many entries per turn; pipelined: that many of one entry")
	seconds := flag.Float64("seconds", 1, "measured seconds")
	flag.Parse()
	if flag.NArg() > 0 || *nodes < 1 || *batch < 1 || *seconds <= 0 || (*mode != "closed" && *mode != "pipelined") {
		flag.Usage()
		os.Exit(2)
	}

	payload := make([]byte, entryBytes)
	propose := func(leader *node) {
		entries := make([]pb.Entry, *batch)
		for i := range entries {
			entries[i].Data = payload
		}
		check(leader.Step(pb.Message{Type: pb.MsgProp, From: 1, Entries: entries}))
	}
	if *mode == "pipelined" {
		propose = func(leader *node) {
			for i := 0; i < *batch; i++ {
				check(leader.Propose(payload))
			}
		}
	}

	c := newCluster(*nodes)
	run := func(duration time.Duration) (entries int, elapsed time.Duration) {
		start := time.Now()
		for elapsed < duration {
			for i := 0; i < turnsPerClockReading; i++ {
				c.turn(propose)
			}
			entries += turnsPerClockReading * *batch
			elapsed = time.Since(start)
		}
		return entries, elapsed
	}

	duration := time.Duration(*seconds * float64(time.Second))
	run(duration / 4)
	first := c.nodes[0].committed
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	entries, elapsed := run(duration)
	runtime.ReadMemStats(&after)
	c.checkCommitted(first + uint64(entries))
	fmt.Printf("%.0f %.0f\n", float64(entries)/elapsed.Seconds(), float64(after.TotalAlloc-before.TotalAlloc)/float64(entries))
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, arguments ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}
