using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Who has sent what, and what was answered: part of the replicated state, the same on every node (thesis §6.3).</summary>
/// <remarks>
/// <para>(S1) A number changes the state at most once, and each further time gets the first answer.</para>
/// <para>
/// (S2) Everything is decided by the log: a session is as old as the session clock says that entries carry, never as a node's
/// own clock does, or two nodes would disagree on what is expired.
/// </para>
/// <para>
/// (S3) Memory is bounded: at most <see cref="SessionsMax"/> sessions, and the one that would expire first goes; at most
/// <see cref="AnswersMax"/> answers in one, and the lowest number goes; at most <see cref="AnswerBytesMax"/> bytes in all, which
/// <see cref="Prune"/> sees to; none of more than <see cref="AnswerMax"/>. What goes that way is answered "forgotten" and not applied again.
/// </para>
/// <para>
/// (S4) Nothing depends on when an answer comes. Commands are applied in batches, and where a batch ends differs from node to node:
/// so a number has its place from the moment that it's judged, and only its answer is filled in later.
/// </para>
/// </remarks>
internal sealed class SessionTable
{
    internal const int SessionsMax = 16_384;
    internal const int AnswersMax = WriteSession.SpanMax;
    internal const long AnswerBytesMax = 64 << 20;

    /// <summary>The largest answer that is kept, in bytes. As many as there are entries between two prunes stay below a quarter of a gibibyte.</summary>
    internal const int AnswerMax = 256 << 10;

    /// <summary>The table is pruned behind each entry whose index is a multiple of this.</summary>
    internal const ulong PruneEvery = 1_024;

    private const int SessionHead = 36;
    private const int AnswerHead = 21;
    private const int SessionRow = 24;
    private const int AnswerRowHead = 9;

    private readonly SortedDictionary<ulong, Session> _sessions = [];
    private readonly SortedSet<(long Expires, ulong Id)> _byExpiry = [];

    private long _answerBytes;

    /// <summary>Told which rows change, if they lie on a disk.</summary>
    internal StateRows? Rows { get; set; }

    /// <summary>How far the session clock has come.</summary>
    internal long Clock { get; private set; }

    internal int Count => _sessions.Count;

    /// <summary>Opens a session.</summary>
    /// <param name="index">Of the entry that opens it, and the session's id from now on.</param>
    /// <param name="clock">The session clock that the entry carries.</param>
    /// <param name="lifetime">How long it may be idle. In the log too: an option of each node's could differ from node to node.</param>
    internal void Open(LogIndex index, long clock, TimeSpan lifetime)
    {
        Advance(clock);
        var session = new Session(index.Value, lifetime.Ticks) { LastUsed = Clock };
        _sessions.Add(session.Id, session);
        _byExpiry.Add((session.Expires, session.Id));
        Rows?.Note(new StateKey(StateRowKind.Session, session.Id));
        while (_sessions.Count > SessionsMax)
        {
            Drop(_byExpiry.Min.Id);
        }
    }

    internal void Close(ulong id, long clock)
    {
        Advance(clock);
        Drop(id);
    }

    /// <summary>Notes that a session is in use.</summary>
    /// <returns>False if it isn't known.</returns>
    internal bool Touch(in EntryEnvelope envelope)
    {
        Advance(envelope.SessionTicks);
        if (!_sessions.TryGetValue(envelope.Session, out Session? session))
        {
            return false;
        }

        _byExpiry.Remove((session.Expires, session.Id));
        session.LastUsed = Clock;
        _byExpiry.Add((session.Expires, session.Id));
        Rows?.Note(new StateKey(StateRowKind.Session, session.Id));
        Forget(session, envelope.AnsweredBelow);
        return true;
    }

    /// <summary>Judges a numbered command, and gives a new one its place. Its answer follows by <see cref="Record"/>.</summary>
    internal SessionVerdict Judge(LogIndex index, in EntryEnvelope envelope, out SessionAnswer answer)
    {
        answer = default;
        if (!Touch(envelope))
        {
            return SessionVerdict.Expired;
        }

        Session session = _sessions[envelope.Session];
        if (session.Answers.TryGetValue(envelope.Sequence, out answer))
        {
            return answer.Fate switch
            {
                AnswerFate.Fenced => SessionVerdict.Fenced,
                AnswerFate.TooLarge => SessionVerdict.TooLarge,
                _ => SessionVerdict.Answered,
            };
        }

        if (envelope.Sequence < session.Floor || envelope.Sequence == ulong.MaxValue)
        {
            // Behind the last number that there is no floor could say that it has been.
            return SessionVerdict.Forgotten;
        }

        session.Answers.Add(envelope.Sequence, new SessionAnswer(index, default, envelope.Form == WriteForm.Fence ? AnswerFate.Fenced : AnswerFate.Kept));
        Rows?.Note(new StateKey(StateRowKind.Answer, session.Id, envelope.Sequence));
        if (session.Answers.Count > AnswersMax)
        {
            // Its caller has more than that under way, and pays for it with not learning the answer if it asks again.
            Forget(session, FirstOf(session.Answers).Key + 1);
        }

        return envelope.Form == WriteForm.Fence ? SessionVerdict.Fenced : SessionVerdict.Apply;
    }

    /// <summary>Fills in what was answered to a number that <see cref="Judge"/> let pass, if it's still remembered.</summary>
    internal void Record(ulong id, ulong sequence, ReadOnlyMemory<byte> answer)
    {
        if (_sessions.TryGetValue(id, out Session? session) && session.Answers.TryGetValue(sequence, out SessionAnswer place))
        {
            bool isTooLarge = answer.Length > AnswerMax;
            answer = isTooLarge ? default : answer;
            session.Answers[sequence] = place with { Answer = answer, Fate = isTooLarge ? AnswerFate.TooLarge : place.Fate };
            Rows?.Note(new StateKey(StateRowKind.Answer, id, sequence));
            session.AnswerBytes += answer.Length;
            _answerBytes += answer.Length;
        }
    }

    /// <summary>Forgets answers until they fit their budget. Only behind the entries that <see cref="PruneEvery"/> names, all answers recorded (S4).</summary>
    internal void Prune()
    {
        if (_answerBytes <= AnswerBytesMax)
        {
            return;
        }

        foreach ((long _, ulong id) in _byExpiry)
        {
            Session session = _sessions[id];
            while (session.AnswerBytes > 0 && _answerBytes > AnswerBytesMax)
            {
                Forget(session, FirstOf(session.Answers).Key + 1);
            }
        }
    }

    /// <summary>How many bytes <see cref="Write"/> needs.</summary>
    internal long Size
    {
        get
        {
            long size = 12;
            foreach (Session session in _sessions.Values)
            {
                size += SessionHead + (session.Answers.Count * (long)AnswerHead) + session.AnswerBytes;
            }

            return size;
        }
    }

    /// <summary>Writes the table, for a snapshot.</summary>
    internal void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, Clock);
        BinaryPrimitives.WriteInt32LittleEndian(into[8..], _sessions.Count);
        into = into[12..];
        foreach (Session session in _sessions.Values)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, session.Id);
            BinaryPrimitives.WriteInt64LittleEndian(into[8..], session.LastUsed);
            BinaryPrimitives.WriteUInt64LittleEndian(into[16..], session.Floor);
            BinaryPrimitives.WriteInt64LittleEndian(into[24..], session.Lifetime);
            BinaryPrimitives.WriteInt32LittleEndian(into[32..], session.Answers.Count);
            into = into[SessionHead..];
            foreach ((ulong sequence, SessionAnswer answer) in session.Answers)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(into, sequence);
                BinaryPrimitives.WriteUInt64LittleEndian(into[8..], answer.Index.Value);
                into[16] = (byte)answer.Fate;
                BinaryPrimitives.WriteInt32LittleEndian(into[17..], answer.Answer.Length);
                answer.Answer.Span.CopyTo(into[AnswerHead..]);
                into = into[(AnswerHead + answer.Answer.Length)..];
            }
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, in place of what is here. Never throws.</summary>
    /// <returns>False if the bytes are no table; the table is empty then.</returns>
    internal bool TryRead(ReadOnlySpan<byte> bytes)
    {
        Clear();
        if (bytes.Length < 12)
        {
            return false;
        }

        Clock = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        bytes = bytes[12..];
        for (int i = 0; i < count; i++)
        {
            if (!TryReadSession(ref bytes))
            {
                Clear();
                return false;
            }
        }

        if (bytes.IsEmpty && count >= 0)
        {
            return true;
        }

        Clear();
        return false;
    }

    private bool TryReadSession(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < SessionHead)
        {
            return false;
        }

        var session = new Session(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]))
        {
            LastUsed = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            Floor = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        };
        int answers = BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]);
        bytes = bytes[SessionHead..];
        for (int i = 0; i < answers; i++)
        {
            int length = bytes.Length < AnswerHead ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes[17..]);
            if (length < 0 || length > bytes.Length - AnswerHead)
            {
                return false;
            }

            var answer = new SessionAnswer(
                new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])), bytes.Slice(AnswerHead, length).ToArray(), (AnswerFate)bytes[16]);
            if (!session.Answers.TryAdd(BinaryPrimitives.ReadUInt64LittleEndian(bytes), answer))
            {
                return false;
            }

            session.AnswerBytes += length;
            bytes = bytes[(AnswerHead + length)..];
        }

        _answerBytes += session.AnswerBytes;
        return answers >= 0 && _sessions.TryAdd(session.Id, session) && _byExpiry.Add((session.Expires, session.Id));
    }

    /// <summary>Goes on from where an earlier process left the clock.</summary>
    internal void Begin(long clock) => Clock = clock;

    /// <summary>Notes every row that there is.</summary>
    internal void NoteAll(StateRows rows)
    {
        foreach (Session session in _sessions.Values)
        {
            rows.Note(new StateKey(StateRowKind.Session, session.Id));
            foreach (ulong sequence in session.Answers.Keys)
            {
                rows.Note(new StateKey(StateRowKind.Answer, session.Id, sequence));
            }
        }
    }

    /// <summary>What a row holds now; null if there is none.</summary>
    internal ReadOnlyMemory<byte>? RowOf(StateKey key)
    {
        if (!_sessions.TryGetValue(key.Owner, out Session? session))
        {
            return null;
        }

        if (key.Kind == StateRowKind.Session)
        {
            byte[] row = new byte[SessionRow];
            BinaryPrimitives.WriteInt64LittleEndian(row, session.LastUsed);
            BinaryPrimitives.WriteUInt64LittleEndian(row.AsSpan(8), session.Floor);
            BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(16), session.Lifetime);
            return row;
        }

        if (!session.Answers.TryGetValue(key.Number, out SessionAnswer answer))
        {
            return null;
        }

        byte[] bytes = new byte[AnswerRowHead + answer.Answer.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, answer.Index.Value);
        bytes[8] = (byte)answer.Fate;
        answer.Answer.Span.CopyTo(bytes.AsSpan(AnswerRowHead));
        return bytes;
    }

    /// <summary>Takes in what <see cref="RowOf"/> wrote; a session before its answers. Never throws.</summary>
    internal bool TryReadRow(StateKey key, ReadOnlyMemory<byte> row)
    {
        ReadOnlySpan<byte> bytes = row.Span;
        if (key.Kind == StateRowKind.Session)
        {
            if (bytes.Length != SessionRow)
            {
                return false;
            }

            var opened = new Session(key.Owner, BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]))
            {
                LastUsed = BinaryPrimitives.ReadInt64LittleEndian(bytes),
                Floor = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            };
            return _sessions.TryAdd(opened.Id, opened) && _byExpiry.Add((opened.Expires, opened.Id));
        }

        if (bytes.Length < AnswerRowHead || !_sessions.TryGetValue(key.Owner, out Session? session))
        {
            return false;
        }

        var answer = new SessionAnswer(
            new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), bytes[AnswerRowHead..].ToArray(), (AnswerFate)bytes[8]);
        session.AnswerBytes += answer.Answer.Length;
        _answerBytes += answer.Answer.Length;
        return session.Answers.TryAdd(key.Number, answer);
    }

    private void Clear()
    {
        _sessions.Clear();
        _byExpiry.Clear();
        (Clock, _answerBytes) = (0, 0);
    }

    // One clock for the whole table, moved by entries alone and never back: a leader whose clock is behind its predecessor's
    // would otherwise let one node expire what another keeps (bug museum I05).
    private void Advance(long clock)
    {
        Clock = Math.Max(Clock, clock);
        while (_byExpiry.Count > 0 && _byExpiry.Min.Expires < Clock)
        {
            Drop(_byExpiry.Min.Id);
        }
    }

    private void Drop(ulong id)
    {
        if (_sessions.Remove(id, out Session? session))
        {
            _answerBytes -= session.AnswerBytes;
            _byExpiry.Remove((session.Expires, session.Id));
            Rows?.Note(new StateKey(StateRowKind.Session, id));
            foreach (ulong sequence in session.Answers.Keys)
            {
                Rows?.Note(new StateKey(StateRowKind.Answer, id, sequence));
            }
        }
    }

    private void Forget(Session session, ulong below)
    {
        if (below <= session.Floor)
        {
            return;
        }

        session.Floor = below;
        Rows?.Note(new StateKey(StateRowKind.Session, session.Id));
        while (session.Answers.Count > 0 && FirstOf(session.Answers) is { } lowest && lowest.Key < below)
        {
            session.Answers.Remove(lowest.Key);
            Rows?.Note(new StateKey(StateRowKind.Answer, session.Id, lowest.Key));
            session.AnswerBytes -= lowest.Value.Answer.Length;
            _answerBytes -= lowest.Value.Answer.Length;
        }
    }

    private static KeyValuePair<ulong, SessionAnswer> FirstOf(SortedDictionary<ulong, SessionAnswer> answers)
    {
        using SortedDictionary<ulong, SessionAnswer>.Enumerator each = answers.GetEnumerator();
        each.MoveNext();
        return each.Current;
    }
}
