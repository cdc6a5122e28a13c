namespace Graft.Client;

/// <summary>When a call is over, however many attempts it takes.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan allowed)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>What is left; never below zero.</summary>
    internal TimeSpan Left
    {
        get
        {
            TimeSpan left = allowed - time.GetElapsedTime(_began);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    internal bool IsOver => Left == TimeSpan.Zero;

    /// <summary>How long one attempt may take: what is left, but at most this. Never zero, since no call is made without time.</summary>
    internal TimeSpan Patience(TimeSpan most)
    {
        TimeSpan left = Left < most ? Left : most;
        return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>Lets time pass, not beyond the deadline.</summary>
    internal Task PauseAsync(TimeSpan pause, CancellationToken cancellation) => Task.Delay(Left < pause ? Left : pause, time, cancellation);
}
