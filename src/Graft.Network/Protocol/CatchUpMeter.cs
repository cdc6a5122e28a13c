using Graft.Consensus;

namespace Graft.Network;

/// <summary>Makes rates and an end in sight of one look after the other at a member.</summary>
internal sealed class CatchUpMeter(TimeProvider time)
{
    private CatchUpPhase _phase;
    private double _startDone;
    private long _startedAt;
    private bool _hasBegun;

    internal CatchUpProgress Measure(MembersView view, MemberView member)
    {
        bool isSnapshot = member.Phase == CatchUpPhase.Snapshot;
        double done = isSnapshot ? member.SnapshotBytes : member.Match.Value;
        double left = isSnapshot ? Math.Max(0, member.SnapshotTotal - member.SnapshotBytes) : member.Lag;
        if (!_hasBegun || _phase != member.Phase || done < _startDone)
        {
            (_hasBegun, _phase, _startDone, _startedAt) = (true, member.Phase, done, time.GetTimestamp());
        }

        double seconds = time.GetElapsedTime(_startedAt).TotalSeconds;
        double rate = seconds > 0 ? (done - _startDone) / seconds : 0;
        bool isArrived = member.Member.Role != MemberRole.Joining && member.Phase == CatchUpPhase.CaughtUp && !view.IsChanging;
        return new CatchUpProgress
        {
            Member = member.Member,
            Phase = member.Phase,
            Match = member.Match,
            EntriesLeft = member.Lag,
            BytesDone = member.SnapshotBytes,
            BytesLeft = isSnapshot ? (long)left : 0,
            Rate = rate,
            Eta = left == 0 ? TimeSpan.Zero : rate > 0 && left / rate < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(left / rate) : null,
            IsEnd = isArrived || member.Phase is CatchUpPhase.TooSlow or CatchUpPhase.Unfit or CatchUpPhase.Suspect,
        };
    }
}
