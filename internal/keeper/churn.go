package keeper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// churn lets many people who do not exist come and go, some hundred at a time, and as many lines be written as are
// asked for, and then tells how large each file is and how much of it is alive. The vault and the log wait for the disk
// each time, as they do at a door; the consents only once for each go, because nobody would wait for 300,000 of them.
func (k measuring) churn(ctx context.Context) error {
	c, stay := *k.brief.Churn, uint32(k.brief.MadeUp)
	of := stay + uint32(c.Come)
	total := of + uint32(c.Events)
	grown := growth{}
	for from := uint32(0); from < of && ctx.Err() == nil; from += together {
		to := min(from+together, of)
		if err := k.fillPart(ctx, from, to); err != nil {
			return err
		}
		if err := k.look(grown); err != nil {
			return err
		}
		if to > stay {
			if err := k.leave(max(from, stay)-stay, to-stay); err != nil {
				return err
			}
			if err := k.look(grown); err != nil {
				return err
			}
		}
		k.room.Tell(&wire.Filled{Done: to, Of: total})
	}
	// The largest number of lines that one signature is over at a busy door.
	const lines = 250
	for at := 0; at < c.Events && ctx.Err() == nil; at += lines {
		if err := k.lines(min(lines, c.Events-at)); err != nil {
			return err
		}
		k.room.Tell(&wire.Filled{Done: of + uint32(min(at+lines, c.Events)), Of: total})
	}
	if err := k.look(grown); err != nil {
		return err
	}
	if err := k.weigh(grown); err != nil {
		return err
	}
	for place := wire.PlacePeople; place <= wire.PlaceAudit; place++ {
		g := grown[place]
		g.Place = place
		k.room.Tell(&g)
	}
	return ctx.Err()
}

// leave has the people of these numbers withdraw and be erased, in one go.
func (k measuring) leave(from, to uint32) error {
	var people []person.ID
	for i := from; i < to; i++ {
		p, t, err := k.madeUp(i)
		if err != nil {
			return err
		}
		k.arena.Wipe(t)
		people = append(people, p)
	}
	err := k.album.register.Together(func() error {
		for _, p := range people {
			now, trusted := k.clock.Now()
			if _, err := k.album.register.Withdraw(p, consent.ByPIN, now, trusted); err != nil {
				return err
			}
		}
		if err := k.vault.Erase(people...); err != nil {
			return err
		}
		for _, p := range people {
			now, trusted := k.clock.Now()
			if _, err := k.album.register.Mark(p, consent.Erased, now, trusted); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("letting people go: %w", err)
	}
	return nil
}

// lines writes so many passages, on the disk and under a signed head.
func (k measuring) lines(n int) error {
	now, trusted := k.clock.Now()
	all := make([]audit.Entry, n)
	for i := range all {
		all[i] = audit.Entry{Kind: wire.KindDecision, Method: wire.MethodFace, Outcome: wire.Granted, At: now.UnixMilli(), Trusted: trusted,
			Who: wire.Pseudonym{1, byte(i)}}
	}
	_, err := k.audit.AppendAll(all)
	return err
}

// growth is what was seen of each place.
type growth map[wire.Place]wire.Grown

func (g growth) note(place wire.Place, bytes, live int64) {
	x := g[place]
	x.Bytes, x.Live = uint64(bytes), uint64(live)
	if x.Least == 0 || x.Most*uint64(live) < uint64(bytes)*x.Least {
		x.Most, x.Least = uint64(bytes), uint64(max(live, 1))
	}
	g[place] = x
}

// look looks at the two files that shrink. It is done after each go, once there is enough in them that a few pages do
// not count.
func (k measuring) look(g growth) error {
	people, keys, err := k.vault.Sizes()
	if err != nil {
		return err
	}
	if people.Live > 1<<20 {
		g.note(wire.PlacePeople, people.File, people.Live)
		g.note(wire.PlaceKeys, keys.File, keys.Live)
	}
	return nil
}

// weigh looks at what only grows: consents, and the folder of the log, whose files are all alive, by the blocks that
// the disk gives them.
func (k measuring) weigh(g growth) error {
	file, live, err := k.album.register.Size()
	if err != nil {
		return err
	}
	g.note(wire.PlaceConsents, file, live)
	var blocks, bytes int64
	err = filepath.WalkDir(filepath.Join(k.brief.Folder, "audit"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.New("this system does not say how many blocks a file has")
		}
		blocks += sys.Blocks * 512
		if d.Type().IsRegular() {
			bytes += st.Size()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("measuring the log: %w", err)
	}
	g.note(wire.PlaceAudit, blocks, bytes)
	return nil
}
