using System.Diagnostics;
using Graft.Consensus;

namespace Graft;

/// <summary>What one group measures, and the traces of its writes.</summary>
internal sealed class GroupMeters
{
    internal const string SourceName = "graft";

    private const string Outcome = "graft.outcome";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly NodeMeters _node;
    private readonly TimeProvider _time;

    internal GroupMeters(NodeMeters node, GroupId group, TimeProvider time)
    {
        (_node, _time) = (node, time);
        Tag = new KeyValuePair<string, object?>("graft.group", group.ToString());
    }

    internal KeyValuePair<string, object?> Tag { get; }

    internal NodeMeters Node => _node;

    /// <summary>A caller's command is taken. One that another node passed on is that node's to measure, and to trace.</summary>
    internal void Begin(PendingWrite write)
    {
        if (write.Form != WriteForm.Command)
        {
            return;
        }

        if (write.Hops == 0 && Source.HasListeners())
        {
            write.Trace = Trace();
        }

        if (_node.WriteDuration.Enabled || _node.QueueDuration.Enabled || _node.CommitDuration.Enabled || write.Trace is not null)
        {
            (write.Meters, write.BegunAt) = (this, _time.GetTimestamp());
        }
    }

    /// <summary>It has its place in this node's log.</summary>
    internal void Append(PendingWrite write)
    {
        if (write.Meters is not null)
        {
            write.AppendedAt = _time.GetTimestamp();
            Note(write.Trace, "appended");
            _node.QueueDuration.Tell(Seconds(write.BegunAt, write.AppendedAt), Tag);
        }
    }

    /// <summary>A quorum has the log up to there.</summary>
    internal void Commit(Queue<PendingWrite> undecided, LogIndex commit)
    {
        foreach (PendingWrite write in undecided)
        {
            if (write.Entry.Index > commit)
            {
                return;
            }

            if (write is { Meters: not null, AppendedAt: not 0 })
            {
                Note(write.Trace, "committed");
                _node.CommitDuration.Tell(Seconds(write.AppendedAt, _time.GetTimestamp()), Tag);
                write.AppendedAt = 0;
            }
        }
    }

    /// <summary>The caller is about to be told.</summary>
    internal void End(PendingWrite write, Exception? why)
    {
        string outcome = Describe(why, "committed");
        if (write.Hops == 0)
        {
            _node.WriteDuration.Tell(Seconds(write.BegunAt, _time.GetTimestamp()), Tag, new(Outcome, outcome));
        }

        if (write.Trace is { } trace)
        {
            write.Trace = null;
            trace.SetTag(Outcome, outcome);
            trace.SetStatus(why is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, why?.Message);
            trace.SetEndTime(_time.GetUtcNow().UtcDateTime);
            Activity? current = Activity.Current;
            trace.End();
            Activity.Current = current;
        }
    }

    internal void Begin(PendingRead read)
    {
        if (_node.ReadDuration.Enabled)
        {
            (read.Meters, read.BegunAt) = (this, _time.GetTimestamp());
        }
    }

    internal void End(PendingRead read, Exception? why) =>
        _node.ReadDuration.Tell(
            Seconds(read.BegunAt, _time.GetTimestamp()), Tag, new("graft.read.level", Describe(read.Level)), new(Outcome, Describe(why, "answered")));

    /// <summary>Whether somebody wants to know when a write is committed; if not, nobody looks.</summary>
    internal bool WantsCommits => _node.CommitDuration.Enabled || Source.HasListeners();

    // Measured for a line in the log, too: once for each batch.
    internal void Begin(ApplyWork work) => work.BegunAt = _time.GetTimestamp();

    /// <returns>How long it took.</returns>
    internal TimeSpan End(ApplyWork work)
    {
        TimeSpan elapsed = _time.GetElapsedTime(work.BegunAt);
        _node.ApplyDuration.Tell(elapsed.TotalSeconds, Tag);
        _node.ApplyEntries.Tell(work.Entries.Count, Tag);
        return elapsed;
    }

    // Not the caller's current activity: it goes on when the call returns, and that may be long before the outcome.
    private Activity? Trace()
    {
        Activity? current = Activity.Current;
        Activity? trace = Source.Begin("graft.write");
        trace?.SetStartTime(_time.GetUtcNow().UtcDateTime);
        trace?.SetTag(Tag.Key, Tag.Value);
        Activity.Current = current;
        return trace;
    }

    private void Note(Activity? trace, string stage) => trace?.AddEvent(new ActivityEvent(stage, _time.GetUtcNow()));

    private double Seconds(long from, long until) => _time.GetElapsedTime(from, until).TotalSeconds;

    private static string Describe(Exception? why, string success) => why switch
    {
        null => success,
        RejectedException or ReadFailedException => "rejected",
        OperationCanceledException => "cancelled",
        UnknownOutcomeException or SessionExpiredException => "unknown",
        _ => "failed",
    };

    private static string Describe(ReadConsistencyKind level) => level switch
    {
        ReadConsistencyKind.Linearizable => "linearizable",
        ReadConsistencyKind.Lease => "lease",
        ReadConsistencyKind.Bounded => "bounded",
        ReadConsistencyKind.AtLeast => "at_least",
        _ => "local",
    };
}
