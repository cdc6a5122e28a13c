namespace Graft.Sqlite;

/// <summary>The open transaction of a batch: entries, each in a savepoint, and what is needed to begin it anew.</summary>
internal sealed class BatchTransaction(WriterSession session, Agreement agreement, LoadDesk loads) : IDisposable
{
    private const int LostTransactionsMax = 16;

    private readonly EntryRun _run = new(session);
    private readonly List<Entry> _entries = [];
    private bool _isOpen;

    /// <summary>A loaded database is there, and the commit is to put it in this one's place.</summary>
    internal bool HasIncoming { get; private set; }

    public void Dispose() => _run.Dispose();

    /// <summary>Applies a command.</summary>
    /// <param name="command">It's kept until the commit.</param>
    /// <param name="at">Where and when.</param>
    /// <returns>Its answer, which holds once the batch is committed.</returns>
    /// <exception cref="SqliteException">An error that befell this node.</exception>
    internal byte[] Apply(ReadOnlyMemory<byte> command, in AppliedAt at)
    {
        agreement.ExpectMine();
        try
        {
            SqlCommandKind kind = SqlCommandCodec.ReadKind(command, out ReadOnlyMemory<byte> body);
            return kind == SqlCommandKind.Agree ? Agree(body)
                : !agreement.IsMade ? _run.RefuseUnread(Refusals.NotAgreed)
                : kind == SqlCommandKind.Statements ? ApplyStatements(body, at)
                : kind == SqlCommandKind.Vacuum ? Vacuum(at)
                : Load(kind, body, at);
        }
        catch (SqlFormatException damaged)
        {
            // Any client can send any bytes. They're the same on every node, and so is this.
            return _run.RefuseUnread(damaged.Message);
        }
    }

    /// <summary>Ends the transaction, with what belongs to it.</summary>
    /// <param name="write">Writes it.</param>
    internal void Commit(Action<WriterSession> write)
    {
        Open();
        write(session);
        session.Commit();
        _isOpen = false;
        _entries.Clear();
    }

    /// <summary>Forgets what isn't committed.</summary>
    internal void Abandon()
    {
        session.RollBack();
        _isOpen = false;
        _entries.Clear();
    }

    private byte[] ApplyStatements(ReadOnlyMemory<byte> body, in AppliedAt at)
    {
        Open();
        var entry = new Entry(body, at);
        while (true)
        {
            EntryEnd end = _run.Run(body, at, entry.Skipped);
            if (end.Answer is not null)
            {
                entry.Answer = end.Answer;
                _entries.Add(entry);
                return end.Answer;
            }

            // Each begins the batch anew. Without an end to it, one request of many such statements would hold up every node for hours.
            entry.Skipped.Add(
                entry.Skipped.Count < LostTransactionsMax ? end.Lost! : end.Lost! with { Ordinal = SkippedStatement.Whole, Code = ResultCode.Abort, Message = Refusals.TooManyRollbacks });
            Rebuild();
        }
    }

    // The batch's earlier entries went with the transaction. They give what they gave: anything else is a defect, and the node must not go on.
    private void Rebuild()
    {
        _isOpen = false;
        session.ReloadStatistics();
        Open();
        foreach (Entry entry in _entries)
        {
            EntryEnd end = _run.Run(entry.Body, entry.At, entry.Skipped);
            if (end.Answer is null || !end.Answer.AsSpan().SequenceEqual(entry.Answer))
            {
                throw new InvalidOperationException(
                    $"The entry at {entry.At.Index} was applied anew, because a later one rolled its transaction back, and answered otherwise than before.");
            }
        }
    }

    private byte[] Agree(ReadOnlyMemory<byte> body)
    {
        Fingerprint proposed = SqlCommandCodec.ReadFingerprint(body);
        Open();
        if (agreement.Propose(session, proposed) is { } why)
        {
            return _run.RefuseUnread(why);
        }

        agreement.ExpectMine();
        return _run.AnswerDone();
    }

    // Each stands alone, so that none is ever done anew for another's sake.
    private byte[] Load(SqlCommandKind kind, ReadOnlyMemory<byte> body, in AppliedAt at)
    {
        string? why = null;
        switch (kind)
        {
            case SqlCommandKind.LoadBegin:
                Upload upload = Upload.ReadBegin(body);
                Open();
                loads.Begin(upload, at);
                break;
            case SqlCommandKind.LoadPiece:
                (ReadOnlyMemory<byte> hash, long offset, ReadOnlyMemory<byte> bytes) = Upload.ReadPiece(body);
                Open();
                why = loads.Add(hash, offset, bytes, at);
                break;
            default:
                ReadOnlyMemory<byte> name = Upload.ReadEnd(body);
                Open();
                why = loads.End(name, at);
                HasIncoming = why is null;
                break;
        }

        return why is null ? _run.AnswerDone() : _run.RefuseUnread(why);
    }

    private byte[] Vacuum(in AppliedAt at)
    {
        if (_isOpen)
        {
            throw new InvalidOperationException("A VACUUM came in the middle of a batch, though it said that it stands alone.");
        }

        session.ThrowIfFileFailed();
        session.Vfs.SetTime(at.Time);
        session.Hooks.BeginEntry(at.Seed);
        session.Hooks.Authorizer.IsVacuuming = true;
        try
        {
            session.Connection.Execute("VACUUM");
            session.ThrowIfFileFailed();

            // What was prepared before would find out by itself, and take more steps than what is prepared now.
            session.LearnSchema();
            return _run.AnswerDone();
        }
        catch (SqliteException failed) when (ErrorClass.IsResult(failed.Code, session.Vfs.SawFailure))
        {
            return _run.RefuseUnread(failed.Message);
        }
        finally
        {
            session.Hooks.Authorizer.IsVacuuming = false;
        }
    }

    private void Open()
    {
        if (!_isOpen)
        {
            session.Begin();
            _isOpen = true;
        }
    }

    private sealed class Entry(ReadOnlyMemory<byte> body, AppliedAt at)
    {
        internal ReadOnlyMemory<byte> Body { get; } = body;

        internal AppliedAt At { get; } = at;

        internal List<SkippedStatement> Skipped { get; } = [];

        internal byte[]? Answer { get; set; }
    }
}
