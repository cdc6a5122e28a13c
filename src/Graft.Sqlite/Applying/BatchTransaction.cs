namespace Graft.Sqlite;

/// <summary>The open transaction of a batch: entries, each in a savepoint, and what is needed to begin it anew.</summary>
internal sealed class BatchTransaction(WriterSession session) : IDisposable
{
    private readonly EntryRun _run = new(session);
    private readonly List<Entry> _entries = [];
    private bool _isOpen;

    public void Dispose() => _run.Dispose();

    /// <summary>Applies a command.</summary>
    /// <param name="command">It's kept until the commit.</param>
    /// <param name="at">Where and when.</param>
    /// <returns>Its answer, which holds once the batch is committed.</returns>
    /// <exception cref="SqliteException">An error that befell this node.</exception>
    internal byte[] Apply(ReadOnlyMemory<byte> command, in AppliedAt at)
    {
        SqlCommandKind kind;
        ReadOnlyMemory<byte> body;
        try
        {
            kind = SqlCommandCodec.ReadKind(command, out body);
        }
        catch (SqlFormatException damaged)
        {
            return _run.RefuseUnread(damaged.Message);
        }

        switch (kind)
        {
            case SqlCommandKind.Statements:
                return ApplyStatements(body, at);
            case SqlCommandKind.Vacuum:
                return Vacuum(at);
            default:
                return _run.RefuseUnread($"Commands of kind {kind} aren't known here.");
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

            entry.Skipped.Add(end.Lost!);
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
