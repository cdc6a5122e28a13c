using System.Text.RegularExpressions;
using System.Threading.Channels;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>Writes that their clients don't wait for: taken in at once, written together.</summary>
/// <remarks>
/// (1) They are in this node's memory until they are written: whoever can't lose one doesn't queue it, or waits.
/// (2) They are written in the order in which they were taken in. Those without a transaction of their own share an entry of the log.
/// (3) What fails is answered to who waits, and kept for who asks: the last <see cref="FailuresMax"/>.
/// </remarks>
internal sealed partial class WriteQueue : IAsyncDisposable
{
    internal const int FailuresMax = 256;

    private const int BatchMax = 128;

    // What a merged entry may have of SQL and values: far below the largest command, so that the merging never is why one doesn't fit.
    private const int BatchCharacters = 128 << 10;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);

    private readonly QueuedWriter _writer;
    private readonly TimeSpan _patience;
    private readonly Channel<QueuedWrite> _waiting;
    private readonly Queue<QueueFailure> _failures = new();
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly Task _loop;
    private long _sequence = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
    private long _persisted;

    /// <param name="writer">Writes them.</param>
    /// <param name="requestsMax">As many may wait.</param>
    /// <param name="patience">How long the end waits for those that do; the rest isn't written.</param>
    internal WriteQueue(QueuedWriter writer, int requestsMax, TimeSpan patience)
    {
        (_writer, _patience) = (writer, patience);
        _waiting = Channel.CreateBounded<QueuedWrite>(new BoundedChannelOptions(requestsMax) { SingleReader = true });
        _loop = RunAsync();
    }

    /// <summary>The number of the last one that was written, or has failed.</summary>
    internal long Persisted => Interlocked.Read(ref _persisted);

    internal int Length => _waiting.Reader.Count;

    /// <summary>What has failed lately, the oldest first.</summary>
    internal QueueFailure[] Failures
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures];
            }
        }
    }

    /// <summary>Takes one in.</summary>
    /// <param name="request">What to write; without statements it ends when all before it have.</param>
    /// <param name="isAwaited">Whether somebody waits for it.</param>
    /// <returns>Null if there is no room, or the queue has ended.</returns>
    internal QueuedWrite? TryAdd(SqlRequest request, bool isAwaited)
    {
        // The order of the numbers is that of the queue.
        lock (_gate)
        {
            var write = new QueuedWrite(_sequence + 1, request, isAwaited);
            if (!_waiting.Writer.TryWrite(write))
            {
                return null;
            }

            _sequence++;
            return write;
        }
    }

    /// <summary>Takes nothing in any more, and writes what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        _giveUp.CancelAfter(_patience);
        await _loop;
        _giveUp.Dispose();
    }

    private async Task RunAsync()
    {
        List<QueuedWrite> batch = [];
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            await GatherAsync(batch);
            for (int first = 0; first < batch.Count;)
            {
                int count = CountMerged(batch, first);
                await WriteAsync(batch.GetRange(first, count));
                first += count;
            }

            batch.Clear();
        }
    }

    private async Task GatherAsync(List<QueuedWrite> batch)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_giveUp.Token);
        over.CancelAfter(FlushInterval);
        try
        {
            do
            {
                while (batch.Count < BatchMax && _waiting.Reader.TryRead(out QueuedWrite? write))
                {
                    batch.Add(write);
                }
            }
            while (batch.Count < BatchMax && !batch.Exists(static write => write.IsAwaited) && await _waiting.Reader.WaitToReadAsync(over.Token));
        }
        catch (OperationCanceledException)
        {
            // As many as have come.
        }
    }

    private static int CountMerged(List<QueuedWrite> batch, int first)
    {
        int count = 1;
        long characters = SizeOf(batch[first].Request);
        while (CanMerge(batch[first].Request) && first + count < batch.Count && CanMerge(batch[first + count].Request)
            && (characters += SizeOf(batch[first + count].Request)) <= BatchCharacters)
        {
            count++;
        }

        return count;
    }

    // What begins or ends a transaction, or sets something for one, would do so for its neighbours too.
    private static bool CanMerge(SqlRequest request) =>
        request is { AllOrNothing: false, BindStrictly: false, StepBudget: SqlRequest.DefaultStepBudget }
        && !request.Statements.Any(static statement => ActsOnOthers().IsMatch(statement.Sql));

    [GeneratedRegex(@"\b(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|VACUUM|last_insert_rowid|changes|total_changes)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ActsOnOthers();

    private static long SizeOf(SqlRequest request)
    {
        long size = 0;
        foreach (SqlStatement statement in request.Statements)
        {
            size += statement.Sql.Length;
            foreach (SqlParameter parameter in statement.Parameters)
            {
                size += parameter.Value.Kind is SqlValueKind.Text or SqlValueKind.Blob ? parameter.Value.Bytes.Length : sizeof(long);
            }
        }

        return size;
    }

    private async Task WriteAsync(List<QueuedWrite> writes)
    {
        QueuedWrite[] full = [.. writes.Where(static write => write.Request.Statements.Count > 0)];
        if (full.Length > 0)
        {
            SqlRequest merged = full.Length == 1 ? full[0].Request : new SqlRequest([.. full.SelectMany(static write => write.Request.Statements)]);
            (SqlAnswer answer, bool isOfLog) = await AnswerOfAsync(merged);
            if (isOfLog && answer.Refusal is not null && full.Length > 1)
            {
                // One of them had all undone: the others are written without it.
                foreach (QueuedWrite write in full)
                {
                    await WriteAsync([write]);
                }
            }
            else
            {
                Share(full, answer);
            }
        }

        foreach (QueuedWrite write in writes)
        {
            Interlocked.Exchange(ref _persisted, write.Sequence);
            write.Answer(new SqlAnswer([], 0, null));
        }
    }

    // A failure of the way there is an answer too: whoever waits is told it, and so is who asks later.
    // Only what the log itself has refused is known not to have been done, and may be sent again in pieces.
    private async Task<(SqlAnswer Answer, bool IsOfLog)> AnswerOfAsync(SqlRequest request)
    {
        try
        {
            return (await _writer.WriteAsync(request, _giveUp.Token), true);
        }
        catch (GraftException failure)
        {
            return Refused(failure.Message);
        }
        catch (OperationCanceledException)
        {
            return Refused("the node has stopped; whether this was written isn't known if it was on its way");
        }

        static (SqlAnswer Answer, bool IsOfLog) Refused(string why) => (new SqlAnswer([], 0, new SqlFailure(-1, 1, why)), false);
    }

    private void Share(QueuedWrite[] writes, SqlAnswer answer)
    {
        int offset = 0;
        int next = 0;
        foreach (QueuedWrite write in writes)
        {
            List<SqlResult> own = [];
            int end = offset + write.Request.Statements.Count;
            for (; next < answer.Results.Count && answer.Results[next].Item < end; next++)
            {
                own.Add(answer.Results[next] with { Item = answer.Results[next].Item - offset });
            }

            offset = end;
            var share = new SqlAnswer(own, answer.Steps, answer.Refusal);
            Note(write, share);
            write.Answer(share);
        }
    }

    private void Note(QueuedWrite write, SqlAnswer answer)
    {
        lock (_gate)
        {
            foreach (SqlFailure failure in answer.Refusal is { } refusal ? [refusal] : answer.Results.OfType<SqlFailure>())
            {
                _failures.Enqueue(new QueueFailure(write.Sequence, answer.Refusal is null ? failure.Item : -1, failure.Message));
                if (_failures.Count > FailuresMax)
                {
                    _failures.Dequeue();
                }
            }
        }
    }
}
