using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Graft;

/// <summary>Starts a node with its host and stops it with it. A node that has failed ends the host, and so does one that was removed and asked to stop.</summary>
internal sealed partial class GraftService(
    IOptions<GraftOptions> options, Func<IStateMachine> machine, Action<GraftNode> started, IHostApplicationLifetime lifetime, ILogger<GraftNode> logger)
    : IHostedService
{
    private GraftNode? _node;
    private Task _watch = Task.CompletedTask;
    private Task _watchRemoved = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        NodeOptions told = options.Value.ToNodeOptions();
        told.OnAlarm = OnAlarm;
        told.Logger = logger;
        _node = await GraftNode.StartAsync(told, machine, cancellationToken);
        foreach (string note in _node.Notes)
        {
            Log.Found(logger, _node.Id, note);
        }

        Log.Started(logger, _node.Id, _node.Cluster, Say(_node.Origin), _node.Address.ToString());
        started(_node);
        _watch = WatchAsync(_node);
        _watchRemoved = WatchRemovedAsync(_node);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_node is not { } node)
        {
            return;
        }

        _node = null;
        await node.DisposeAsync();
        await _watch;
        if (_watchRemoved.IsCompleted)
        {
            await _watchRemoved;
        }

        if (node.Parting is { } parting)
        {
            Log.Parted(logger, parting);
        }

        Log.Stopped(logger, node.Id);
    }

    private static string Say(NodeOrigin origin) => origin switch
    {
        NodeOrigin.Founded => "founded now",
        NodeOrigin.Joined => "joined now",
        _ => "known from its data directory; Join isn't looked at",
    };

    private void OnAlarm(GroupAlarm alarm)
    {
        if (alarm.Kind == GroupAlarmKind.StatesDiffer)
        {
            Log.Differs(logger, alarm.Message);
        }
        else
        {
            Log.Halted(logger, alarm.Message);
        }
    }

    private async Task WatchAsync(GraftNode node)
    {
        if (await node.Failed is { } failure)
        {
            try
            {
                Log.Failed(logger, node.Id, failure.Message, failure);
            }
            finally
            {
                // A host that lives on around a dead node is the worse for a line that couldn't be written.
                lifetime.StopApplication();
            }
        }
        else if (_node is not null)
        {
            // It has stopped by itself: removed, told before without being asked to stop, and asked now.
            lifetime.StopApplication();
        }
    }

    private async Task WatchRemovedAsync(GraftNode node)
    {
        Removal removal = await node.Removed;
        Log.Removed(logger, node.Id, removal.Group, removal.Index, removal.ShallStop ? "It was asked to stop, and does." : "It idles.");
        if (removal.ShallStop)
        {
            lifetime.StopApplication();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Information, "{Node} of cluster {Cluster} ({Origin}) is up and listens on {Address}.")]
        internal static partial void Started(ILogger logger, Consensus.NodeId node, Consensus.ClusterId cluster, string origin, string address);

        [LoggerMessage(1002, LogLevel.Information, "{Node} has stopped; its log is closed in order.")]
        internal static partial void Stopped(ILogger logger, Consensus.NodeId node);

        [LoggerMessage(1003, LogLevel.Warning, "{Node} found at its start: {Note}")]
        internal static partial void Found(ILogger logger, Consensus.NodeId node, string note);

        [LoggerMessage(1004, LogLevel.Critical, "{Node} can't go on and answers nobody any more: {Reason}")]
        internal static partial void Failed(ILogger logger, Consensus.NodeId node, string reason, Exception failure);

        [LoggerMessage(1005, LogLevel.Warning, "{Node} was removed from {Group} by the configuration at index {Index}. {Then}")]
        internal static partial void Removed(ILogger logger, Consensus.NodeId node, Consensus.GroupId group, Consensus.LogIndex index, string then);

        [LoggerMessage(1006, LogLevel.Information, "{Parting}")]
        internal static partial void Parted(ILogger logger, string parting);

        [LoggerMessage(1101, LogLevel.Error, "{Reason}")]
        internal static partial void Halted(ILogger logger, string reason);

        [LoggerMessage(1102, LogLevel.Error, "{Reason}")]
        internal static partial void Differs(ILogger logger, string reason);
    }
}
