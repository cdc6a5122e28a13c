using Graft.NodeProcess;

return await NodeProcessCommand.RunAsync(args);
