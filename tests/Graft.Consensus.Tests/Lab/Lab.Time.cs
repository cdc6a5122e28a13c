namespace Graft.Consensus.Tests;

// Time: it passes only here.
internal sealed partial class Lab
{
    private int _standstill;

    internal Instant Now { get; private set; }

    /// <summary>How long a message takes while time passes.</summary>
    internal TimeSpan Latency { get; set; } = Ms(1);

    /// <summary>The world begins at <paramref name="origin"/>; before the first node starts.</summary>
    internal void StartClocksAt(Instant origin)
    {
        Invariant.Check(_nodes.Count == 0);
        Now = origin;
    }

    /// <summary>Time passes, and everybody who is up and not paused notices.</summary>
    internal void Run(TimeSpan duration)
    {
        Instant end = Now + duration;
        while (NextEvent() is var next && next <= end)
        {
            Advance(next);
        }

        Now = end;
    }

    /// <summary>Lets time pass until <paramref name="condition"/> holds, at most for <paramref name="limit"/>.</summary>
    /// <returns>Whether it came to hold.</returns>
    internal bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        Instant end = Now + limit;
        while (!condition())
        {
            Instant next = NextEvent();
            if (next > end)
            {
                Now = end;
                return condition();
            }

            Advance(next);
        }

        return true;
    }

    /// <summary>Time passes that no core is told of until its next input.</summary>
    internal void Skip(TimeSpan span) => Now += span;

    private Instant NextEvent()
    {
        Instant next = Instant.Never;
        foreach (LabFlight flight in _flights)
        {
            if (IsDeliverable(flight))
            {
                next = Instant.Earlier(next, flight.Due);
            }
        }

        foreach (LabNode node in _nodes.Values)
        {
            if (node.IsUp && !node.IsPaused)
            {
                next = Instant.Earlier(next, node.Clock.When(node.Core.NextDeadline));
            }
        }

        return next;
    }

    private void Advance(Instant next)
    {
        // A deadline that lies in the past for ever would hang the test instead of failing it.
        _standstill = next > Now ? 0 : _standstill + 1;
        Assert.True(_standstill < DeliveriesMax, "Somebody's deadline has come and never goes.");
        Now = Instant.Later(Now, next);
        foreach (LabNode node in _nodes.Values)
        {
            if (node.IsUp && !node.IsPaused && node.Clock.Read(Now) >= node.Core.NextDeadline)
            {
                node.Core.Tick(node.Clock.Read(Now));
                Settle(node);
            }
        }

        while (_flights.FindIndex(flight => IsDeliverable(flight) && flight.Due <= Now) is var position && position >= 0)
        {
            LabFlight flight = _flights[position];
            _flights.RemoveAt(position);
            Inject(flight.Envelope);
        }
    }
}
