using System.Text;

namespace Graft.Sqlite;

/// <summary>Runs the statements of one entry inside a batch's transaction. Synchronous, on the writer's thread.</summary>
/// <remarks>What it answers follows from the database, the command, its time and its seed alone: not from the batch, the caches, or what this connection did before.</remarks>
internal sealed class EntryRun(WriterSession session) : IDisposable
{
    // What a virtual table's inner statements may take, beside what is counted: they take other numbers on other nodes, so the cut is far away.
    private const long VirtualFactor = 64;

    private readonly SqlAnswerWriter _answer = new();
    private readonly ParameterBinder _binder = new();
    private readonly WriteAuthorizer _authorizer = session.Hooks.Authorizer;
    private IReadOnlyList<SkippedStatement> _skipped = [];
    private SqlCommandHead _head;
    private StatementTraits _traits;
    private SkippedStatement? _lost;
    private string? _refusal;
    private int _refusalCode;
    private int _ordinal;
    private int _item;
    private long _steps;
    private bool _inTransaction;
    private bool _failed;
    private bool _sawPragma;
    private bool _schemaMoved;
    private int _changes;

    public void Dispose() => _answer.Dispose();

    /// <summary>Runs an entry.</summary>
    /// <param name="body">The command behind its kind.</param>
    /// <param name="at">Its time and its seed.</param>
    /// <param name="skipped">Its statements that took a transaction away before; they're answered, and not run.</param>
    /// <exception cref="SqlFormatException">The command is damaged; nothing has been done.</exception>
    /// <exception cref="SqliteException">An error that befell this node: nothing is known of the state any more.</exception>
    internal EntryEnd Run(ReadOnlyMemory<byte> body, in AppliedAt at, IReadOnlyList<SkippedStatement> skipped)
    {
        _head = SqlCommandCodec.ReadHead(body, out SqlItemReader items);
        items.ExpectWhole();
        Begin(at, skipped);
        if (skipped.FirstOrDefault(static skip => skip.Ordinal == SkippedStatement.Whole) is { } whole)
        {
            Undo(session.Entry);
            FollowSchema();
            return new EntryEnd(_answer.Refuse(whole.Steps, whole.Code, Encoding.UTF8.GetBytes(whole.Message)), null);
        }

        SqlAnswerMark start = _answer.Mark();
        while (GoesOn() && items.ReadItem())
        {
            RunItem(ref items);
        }

        return _lost is { } lost ? new EntryEnd(null, lost) : new EntryEnd(End(start), null);
    }

    /// <summary>The answer to a command that couldn't be read, or is of a kind that nobody knows.</summary>
    internal byte[] RefuseUnread(string why)
    {
        _answer.Begin(SqlFormat.CommandAnswerBytesMax);
        return _answer.Refuse(0, ResultCode.Error, Encoding.UTF8.GetBytes(why));
    }

    /// <summary>The answer to a command that has done what it's for, and has nothing to tell.</summary>
    internal byte[] AnswerDone()
    {
        _answer.Begin(SqlFormat.AnswerBytesMin);
        _answer.WriteChange(0, 0, 0);
        return _answer.End(0);
    }

    private void Begin(in AppliedAt at, IReadOnlyList<SkippedStatement> skipped)
    {
        session.Vfs.SetTime(at.Time);

        // First the savepoint: full-text indexes write there what they have kept from the entry before, and that counts as changes.
        session.Entry.Begin();
        session.ForgetChanges();
        session.Hooks.BeginEntry(at.Seed);
        _answer.Begin(_head.AnswerBytesMax);
        _skipped = skipped;
        _traits = StatementTraits.None;
        _lost = null;
        _refusal = null;
        (_ordinal, _item, _steps, _changes) = (0, 0, 0, 0);
        (_inTransaction, _failed, _sawPragma, _schemaMoved) = (false, false, false, false);
    }

    private bool GoesOn() => _lost is null && _refusal is null && !(_failed && _head.AllOrNothing);

    private void RunItem(ref SqlItemReader items)
    {
        _item = items.Item;
        _binder.Begin(ref items);
        ReadOnlySpan<byte> sql = items.Sql.Span;
        if (sql.Contains((byte)0))
        {
            Fail(ResultCode.Error, Refusals.Zero);
            return;
        }

        FollowSchema();
        if (session.Cache.TryGet(sql, out CachedStatement? cached))
        {
            RunStatement(cached.Statement, cached.Traits, standsAlone: items.Count == 1);
            cached.Statement.Reset();
        }
        else
        {
            RunText(sql, isOnlyItem: items.Count == 1);
        }

        if (_head.BindStrictly && GoesOn() && _binder.HasUnused())
        {
            Fail(ResultCode.Range, Refusals.UnusedValues);
        }
    }

    // The statements of a text, one after the other: each is prepared against what the one before has made.
    private void RunText(ReadOnlySpan<byte> sql, bool isOnlyItem)
    {
        ReadOnlySpan<byte> text = SqliteLibrary.Preparable(sql);
        int at = 0;
        while (at < sql.Length && GoesOn())
        {
            FollowSchema();
            _authorizer.BeginPrepare();
            int code = session.Connection.TryPrepare(text[at..], keep: true, out SqliteStatement? statement, out int used);
            _authorizer.IsTrusted = true;
            StatementTraits traits = _authorizer.Traits;
            _traits |= traits;
            if (code != ResultCode.Ok)
            {
                _ordinal++;
                (code, string message) = Refusals.Instead(code, session.Connection.Message, _authorizer.Refusal);
                FailOrThrow(code, message);
                return;
            }

            if (statement is not null && traits == StatementTraits.Pragma && statement.Name(0).SequenceEqual("data_version"u8))
            {
                statement.Dispose();
                _ordinal++;
                Fail(ResultCode.Authorization, Refusals.Pragma("data_version"));
                return;
            }

            bool isOnly = used == sql.Length;
            at += used;
            if (statement is null)
            {
                continue;
            }

            // A pragma acts when it's prepared, so it has to be prepared each time.
            bool keep = isOnly && (traits & (StatementTraits.Pragma | StatementTraits.ChangesSchema)) == 0;
            try
            {
                RunStatement(statement, traits, standsAlone: isOnlyItem && isOnly);
                keep &= _lost is null;
            }
            catch
            {
                // Left open it would keep the connection, and with it the locks, behind its close.
                statement.Dispose();
                throw;
            }

            if (keep)
            {
                statement.Reset();
                session.Cache.Add(new CachedStatement(sql.ToArray(), statement, traits));
            }
            else
            {
                statement.Dispose();
            }
        }
    }

    private void RunStatement(SqliteStatement statement, StatementTraits traits, bool standsAlone)
    {
        _traits |= traits;
        _sawPragma |= traits.HasFlag(StatementTraits.Pragma);
        int ordinal = _ordinal++;
        if (_skipped.FirstOrDefault(skip => skip.Ordinal == ordinal) is { } skip)
        {
            // It took its values, and those behind it take theirs.
            _binder.TryBind(statement);
            statement.Reset();
            _steps += skip.Steps;
            Fail(skip.Code, skip.Message);
            EndTransaction(keep: false);
            session.Hooks.GoOn(skip.Behind);
            _changes = 0;
            return;
        }

        if (statement.IsExplain)
        {
            Fail(ResultCode.Authorization, Refusals.Explain);
            return;
        }

        if ((traits & StatementTraits.Transaction) != 0)
        {
            ChangeTransaction(traits);
            return;
        }

        if (!_binder.TryBind(statement))
        {
            string why = _binder.Message ?? session.Connection.Message;
            statement.Reset();
            FailOrThrow(_binder.Code, why);
            return;
        }

        // A pragma that is one and nothing else needs no transaction, and none ends behind it.
        bool guarded = !_head.AllOrNothing && !_inTransaction && !standsAlone && traits != StatementTraits.Pragma;
        if (guarded)
        {
            session.Single.Begin();
        }

        bool isShown = ShowChanges();
        SqlAnswerMark mark = _answer.Mark();
        int code = Step(statement, traits, out bool over);
        _changes = !isShown || session.Changes != 0 || Counts(statement, traits) ? session.Changes : _changes;
        _schemaMoved |= traits.HasFlag(StatementTraits.ChangesSchema);
        session.SchemaChanged |= _schemaMoved;
        long steps = statement.Steps;
        _steps += steps;
        if (over)
        {
            Refuse(ResultCode.TooBig, Refusals.TooLong(_head.AnswerBytesMax));
        }
        else if (session.Hooks.WasCut || _steps > _head.StepBudget)
        {
            EndOverBudget(statement);
        }
        else if (code != ResultCode.Done)
        {
            _answer.RollBack(mark);
            EndFailed(statement, code, ordinal, steps, guarded);
        }
        else if (guarded)
        {
            statement.Reset();
            EndSingle(mark);
        }
    }

    // By itself the statement would have been a transaction, and its end the time to look at deferred foreign keys.
    private bool EndSingle(SqlAnswerMark? mark)
    {
        bool holds = !session.HasOpenForeignKeys();
        if (holds)
        {
            session.Single.Release();
        }
        else
        {
            if (mark is { } before)
            {
                _answer.RollBack(before);
            }

            Undo(session.Single);
            session.Hooks.Uncount(_changes);
            _changes = 0;
            Fail(ResultCode.ConstraintForeignKey, Refusals.ForeignKey);
        }

        ForgetPragma();
        return holds;
    }

    // Others leave changes() as it was.
    private static bool Counts(SqliteStatement statement, StatementTraits traits) => !statement.IsReadOnly
        && (traits & (StatementTraits.ChangesRows | StatementTraits.ChangesSchema | StatementTraits.Analyzes)) == StatementTraits.ChangesRows;

    // Statements inside a virtual table, which a savepoint sets off, count as changes too.
    private bool ShowChanges()
    {
        bool isNeeded = session.Changes != _changes;
        if (isNeeded)
        {
            session.ForgetChanges();
        }

        session.Hooks.ShowChanges(isNeeded ? _changes : 0);
        return isNeeded;
    }

    // A statement from the cache that finds out by itself takes two steps more than one that is prepared now.
    private void FollowSchema()
    {
        if (_schemaMoved)
        {
            _schemaMoved = false;
            session.LearnSchema();
        }
    }

    private void Undo(Savepoint savepoint)
    {
        savepoint.Undo();
        _schemaMoved |= session.SchemaChanged;
    }

    // It outlives a savepoint, and ends with a transaction.
    private void ForgetPragma()
    {
        if (_sawPragma)
        {
            session.Connection.Execute("PRAGMA defer_foreign_keys=OFF");
        }
    }

    // Ends with Done, an error's code, or over: the answer has become too long.
    private int Step(SqliteStatement statement, StatementTraits traits, out bool over)
    {
        over = false;
        SqliteLibrary library = session.Connection.Library;
        unsafe
        {
            int before = library.TotalChanges(session.Connection.Handle);
            long left = _head.StepBudget - _steps;
            statement.ForgetSteps();
            _authorizer.BeginRun();
            long lastBefore = library.LastInsertRowId(session.Connection.Handle);
            session.Hooks.BeginSteps(traits.HasFlag(StatementTraits.TouchesVirtual) ? Math.Min(left, long.MaxValue / VirtualFactor) * VirtualFactor : left);
            int code = statement.Step();
            int columns = statement.ColumnCount;
            if (columns > 0 && code is ResultCode.Row or ResultCode.Done)
            {
                _answer.BeginColumns(_item, statement, columns);
            }

            while (code == ResultCode.Row && !over)
            {
                _answer.WriteRow(statement, columns);
                over = _answer.IsOverLimit;
                code = over ? code : statement.Step();
            }

            session.Hooks.EndSteps();
            _authorizer.IsTrusted = true;

            // Behind an insert that is a command to a full-text index, SQLite shows a variable that nobody has set.
            if (traits.HasFlag(StatementTraits.InsertsVirtual))
            {
                library.SetLastInsertRowId(session.Connection.Handle, session.Hooks.VirtualRowId ?? lastBefore);
            }

            if (code != ResultCode.Done)
            {
                return code;
            }

            long affected = library.TotalChanges(session.Connection.Handle) == before ? 0 : library.Changes(session.Connection.Handle);
            long lastRowId = library.LastInsertRowId(session.Connection.Handle);
            if (columns > 0)
            {
                _answer.EndRows(affected, lastRowId);
            }
            else
            {
                _answer.WriteChange(_item, affected, lastRowId);
            }

            over = _answer.IsOverLimit;
            return code;
        }
    }

    private void EndFailed(SqliteStatement statement, int code, int ordinal, long steps, bool guarded)
    {
        (code, string message) = Refusals.Instead(code, session.Connection.Message, _authorizer.Refusal);
        statement.Reset();
        if (!ErrorClass.IsResult(code, session.Vfs.SawFailure))
        {
            throw new SqliteException(code, message);
        }

        if (session.Connection.IsAutocommit)
        {
            _lost = new SkippedStatement(ordinal, code, message, steps, session.Hooks.State());
            return;
        }

        // Only a constraint may leave something behind that is to stay (OR FAIL), unless a foreign key forbids it, which is the error then. What
        // SQLite expects no error of, it can't undo by itself in a transaction, and by itself each of these is one.
        bool keeps = ResultCode.Primary(code) == ResultCode.Constraint;
        if (!keeps && guarded)
        {
            Undo(session.Single);
            ForgetPragma();
        }
        else if (!keeps && !_head.AllOrNothing && !_inTransaction)
        {
            Undo(session.Entry);
            session.Entry.Begin();
        }

        if (!keeps || !guarded || EndSingle(mark: null))
        {
            Fail(code, message == "cannot VACUUM from within a transaction" ? Refusals.VacuumAmong : message);
        }
    }

    // What it took beyond depends on where it was cut, and isn't told.
    private void EndOverBudget(SqliteStatement statement)
    {
        statement.Reset();
        _steps = _head.StepBudget;
        if (session.Vfs.SawFailure)
        {
            throw new SqliteException(ResultCode.InputOutput, "A call to a file has failed in a statement that took more steps than it may.");
        }

        if (session.Connection.IsAutocommit)
        {
            _lost = new SkippedStatement(SkippedStatement.Whole, ResultCode.Interrupt, Refusals.OverBudget(_head.StepBudget), _steps, default);
        }
        else
        {
            Refuse(ResultCode.Interrupt, Refusals.OverBudget(_head.StepBudget));
        }
    }

    // A request's own transaction is a savepoint: SQLite's would end the batch's.
    private void ChangeTransaction(StatementTraits traits)
    {
        if (traits.HasFlag(StatementTraits.Begins))
        {
            if (_inTransaction)
            {
                Fail(ResultCode.Error, Refusals.Nested);
                return;
            }

            session.Transaction.Begin();
            _inTransaction = true;
        }
        else if (!_inTransaction)
        {
            Fail(ResultCode.Error, traits.HasFlag(StatementTraits.Commits) ? Refusals.NoTransaction : Refusals.NoRollback);
            return;
        }
        else if (traits.HasFlag(StatementTraits.RollsBack))
        {
            EndTransaction(keep: false);
        }
        else if (session.HasOpenForeignKeys())
        {
            Fail(ResultCode.ConstraintForeignKey, Refusals.ForeignKey);
            return;
        }
        else
        {
            EndTransaction(keep: true);
        }

        unsafe
        {
            _answer.WriteChange(_item, 0, session.Connection.Library.LastInsertRowId(session.Connection.Handle));
        }
    }

    private void EndTransaction(bool keep)
    {
        if (!_inTransaction)
        {
            return;
        }

        _inTransaction = false;
        if (keep)
        {
            session.Transaction.Release();
        }
        else
        {
            Undo(session.Transaction);
        }

        ForgetPragma();
    }

    private byte[] End(SqlAnswerMark start)
    {
        Judge(start);
        bool undone = _refusal is not null || (_failed && _head.AllOrNothing);
        if (undone)
        {
            Undo(session.Entry);
        }
        else
        {
            session.Entry.Release();
        }

        ForgetPragma();

        // What SQLite remembers of a schema that it changed isn't all that it would read: another node has read it.
        if (_schemaMoved || (_traits & (StatementTraits.WritesStatistics | StatementTraits.ChangesSchema)) != 0)
        {
            session.ReloadStatistics();
        }

        return _refusal is null
            ? _answer.End(_steps)
            : _answer.Refuse(_steps, _refusalCode, Encoding.UTF8.GetBytes(_refusal));
    }

    private void Judge(SqlAnswerMark start)
    {
        if (_refusal is not null)
        {
            return;
        }

        // What is undone for its own error has broken no other rule.
        if (_failed && _head.AllOrNothing)
        {
            _inTransaction = false;
        }
        else if (_inTransaction)
        {
            Refuse(ResultCode.Error, Refusals.LeftOpen);
        }
        else if (session.Hooks.SawLastRowId)
        {
            Refuse(ResultCode.Constraint, Refusals.LastRowId);
        }
        else if (session.Hooks.SawAutomerge)
        {
            Refuse(ResultCode.Error, Refusals.Automerge);
        }
        else if (_traits.HasFlag(StatementTraits.ChangesSchema) && session.HasTooManyObjects())
        {
            Refuse(ResultCode.Error, Refusals.TooManyObjects);
        }
        else if (_traits.HasFlag(StatementTraits.Alters) && session.HasForeignOwnNames())
        {
            Refuse(ResultCode.Authorization, $"{Refusals.Own}. Nothing of the request has taken effect");
        }
        else if (session.HasOpenForeignKeys())
        {
            // RELEASE doesn't look, and the batch's COMMIT would fail for everybody.
            if (!_head.AllOrNothing)
            {
                _answer.RollBack(start);
                Undo(session.Entry);
                session.Entry.Begin();
            }

            Fail(ResultCode.ConstraintForeignKey, Refusals.ForeignKey);
        }

        if (_refusal is null && _answer.IsOverLimit)
        {
            Refuse(ResultCode.TooBig, Refusals.TooLong(_head.AnswerBytesMax));
        }
    }

    private void FailOrThrow(int code, string message)
    {
        if (!ErrorClass.IsResult(code, session.Vfs.SawFailure))
        {
            throw new SqliteException(code, message);
        }

        Fail(code, message);
    }

    private void Fail(int code, string message)
    {
        _failed = true;
        _answer.WriteFailure(_item, code, Encoding.UTF8.GetBytes(message));
    }

    private void Refuse(int code, string why) => (_refusalCode, _refusal) = (code, why);
}
