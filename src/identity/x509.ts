import '@abraham/reflection';

export * from '@peculiar/x509';
