package archive

import "fmt"

// A frame on its way through a [Writer]. Its channels are closed as that is done.
type frame struct {
	plain, packed  []byte
	size           int // of plain, which moves on when packed is done
	hashed, isDone chan struct{}
}

func (w *Writer) start(workers int) {
	inFlight := workers + 1 // each worker's and the one that is being stored
	w.plains, w.packs = make(chan []byte, inFlight), make(chan []byte, inFlight)
	for range inFlight {
		w.plains <- nil
		w.packs <- nil
	}
	// A frame in flight has one of the packs, so these never block a sender.
	w.toHash = make(chan *frame, inFlight)
	w.toPack = make(chan *frame, inFlight)
	w.toStore = make(chan *frame, inFlight)
	w.running.Go(w.hash)
	w.running.Go(w.store)
	for range workers {
		w.running.Go(w.pack)
	}
}

// stop waits until all frames that were submitted are stored, or dropped if
// there was a failure, and nothing runs any more.
func (w *Writer) stop() {
	w.stopping.Do(func() {
		close(w.toHash)
		close(w.toPack)
		close(w.toStore)
	})
	w.running.Wait()
}

// fail keeps the first error and wakes who waits for a buffer.
func (w *Writer) fail(err error) {
	w.failing.Do(func() {
		w.failure = err
		close(w.failed)
	})
}

// failureSoFar returns the error that fail was given, if it was.
func (w *Writer) failureSoFar() error {
	select {
	case <-w.failed:
		return w.failure
	default:
		return nil
	}
}

// room makes sure that there is a buffer to fill.
func (w *Writer) room() error {
	if w.current != nil {
		return nil
	}
	select {
	case <-w.failed:
		return w.failure
	case b := <-w.plains:
		if b == nil {
			b = make([]byte, 0, FrameSize)
		}
		w.current = b[:0]
		return nil
	}
}

// submit sends the current buffer on its way as one frame.
func (w *Writer) submit() error {
	select {
	case <-w.failed:
		return w.failure
	case packed := <-w.packs:
		f := &frame{
			plain: w.current, packed: packed, size: len(w.current),
			hashed: make(chan struct{}), isDone: make(chan struct{}),
		}
		w.current, w.submitted = nil, true
		w.toHash <- f
		w.toPack <- f
		w.toStore <- f
		return nil
	}
}

func (w *Writer) hash() {
	for f := range w.toHash {
		w.plain.Write(f.plain)
		close(f.hashed)
	}
}

func (w *Writer) pack() {
	for f := range w.toPack {
		if f.packed == nil { // dumps pack to less than half; the encoder grows it if need be
			f.packed = make([]byte, 0, f.size/2+64)
		}
		if f.size == 0 {
			f.packed = append(f.packed[:0], emptyFrame...)
		} else {
			f.packed = w.encoder.EncodeAll(f.plain, f.packed[:0])
		}
		<-f.hashed
		w.plains <- f.plain
		f.plain = nil
		close(f.isDone)
	}
}

func (w *Writer) store() {
	for f := range w.toStore {
		<-f.isDone
		if w.failureSoFar() == nil {
			if _, err := w.sealed.Write(f.packed); err != nil {
				w.fail(fmt.Errorf("write archive: %w", err))
			}
			w.table = w.table.add(entry{uint32(len(f.packed)), uint32(f.size), checksum(f.packed)})
		}
		w.packs <- f.packed
	}
}
